package main

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"strings"
)

// dial opens a web socket (RFC 6455); the key is fixed, because nothing here depends on its secrecy.
func dial(addr, path, header string) (*socket, error) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n%s\r\n", path, addr, header)
	in := bufio.NewReaderSize(conn, 16384)
	status, err := in.ReadString('\n')
	if err != nil {
		return nil, err
	}
	if !strings.Contains(status, " 101 ") {
		return nil, fmt.Errorf("refused: %s", strings.TrimSpace(status))
	}
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return nil, err
		}
		if line == "\r\n" {
			return &socket{conn: conn, in: in, buf: make([]byte, 4096)}, nil
		}
	}
}

// next returns the payload of the next text frame; it is valid until the call after.
func (s *socket) next() ([]byte, error) {
	for {
		opcode, err := s.frame()
		if err != nil {
			return nil, err
		}
		switch opcode {
		case 1, 2:
			return s.buf, nil
		case 9:
			pong := s.masked(nil, s.buf)
			pong[0] = 0x8A
			s.send(pong)
		case 8:
			return nil, io.EOF
		}
	}
}

func (s *socket) frame() (byte, error) {
	var head [8]byte
	if _, err := io.ReadFull(s.in, head[:2]); err != nil {
		return 0, err
	}
	opcode := head[0] & 15
	length := int(head[1] & 127)
	switch length {
	case 126:
		if _, err := io.ReadFull(s.in, head[:2]); err != nil {
			return 0, err
		}
		length = int(binary.BigEndian.Uint16(head[:2]))
	case 127:
		if _, err := io.ReadFull(s.in, head[:8]); err != nil {
			return 0, err
		}
		length = int(binary.BigEndian.Uint64(head[:8]))
	}
	if cap(s.buf) < length {
		s.buf = make([]byte, length)
	}
	s.buf = s.buf[:length]
	_, err := io.ReadFull(s.in, s.buf)
	return opcode, err
}

// masked appends a client's text frame; the mask is zero, which the RFC allows a test client and costs nothing.
func (s *socket) masked(dst, payload []byte) []byte {
	n := len(payload)
	dst = append(dst, 0x81)
	switch {
	case n < 126:
		dst = append(dst, 0x80|byte(n))
	case n < 65536:
		dst = append(dst, 0x80|126, byte(n>>8), byte(n))
	default:
		dst = append(dst, 0x80|127)
		dst = binary.BigEndian.AppendUint64(dst, uint64(n))
	}
	dst = append(dst, 0, 0, 0, 0)
	return append(dst, payload...)
}

func (s *socket) write(payload []byte) { s.send(s.masked(nil, payload)) }

func (s *socket) flush(out *[]byte) {
	if len(*out) > 0 {
		s.send(*out)
		*out = (*out)[:0]
	}
}

func (s *socket) send(frames []byte) {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.conn.Write(frames)
}

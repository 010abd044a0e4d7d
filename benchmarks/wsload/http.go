package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"
)

// loadHTTP posts over keep-alive connections, one request under way on each, and reports requests and messages.
func loadHTTP() {
	conns := make([]*client, *publishers)
	for i := range conns {
		conns[i] = connect()
	}
	for _, c := range conns { // the first request of a connection is not what is measured
		c.post(0, 0)
	}
	each := max(*count / *publishers / max(*batch, 1), 1)
	took := make([][]int64, *publishers)
	cpu, began := cpuSeconds(*pid), time.Now()
	var posting sync.WaitGroup
	for i, c := range conns {
		posting.Add(1)
		go func() {
			defer posting.Done()
			for n := 1; n <= each; n++ {
				at := now()
				c.post(i, n)
				took[i] = append(took[i], now()-at)
			}
		}()
	}
	posting.Wait()
	wall := time.Since(began).Seconds()
	used := cpuSeconds(*pid) - cpu
	sent := float64(each * *publishers * max(*batch, 1))
	reportRun(sent, wall, used, took)
}

// client is one keep-alive connection.
type client struct {
	conn net.Conn
	in   *bufio.Reader
	out  []byte
	body []byte
}

func connect() *client {
	conn, err := net.Dial("tcp", *addr)
	if err != nil {
		fail("connect", err)
	}
	return &client{conn: conn, in: bufio.NewReaderSize(conn, 65536)}
}

func (c *client) post(publisher, n int) {
	path := "/post"
	if *protocol == "tieline" {
		path = "/api/v1/rooms/room-" + strconv.Itoa(publisher%*rooms) + "/messages"
	}
	if *batch > 0 {
		path += "/batch"
	}
	c.body = httpBody(c.body[:0], publisher, n)
	c.out = fmt.Appendf(c.out[:0], "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\n"+
		"Authorization: Bearer %s\r\nContent-Length: %d\r\n\r\n", path, *addr, *token, len(c.body))
	c.out = append(c.out, c.body...)
	if _, err := c.conn.Write(c.out); err != nil {
		fail("post", err)
	}
	c.answer()
}

func httpBody(dst []byte, publisher, n int) []byte {
	one := func(dst []byte, k int) []byte {
		return fmt.Appendf(dst, `{"text":"%s"}`, text(publisher, k, 0))
	}
	if *batch == 0 {
		return one(dst, n)
	}
	open, shut := "[", "]"
	if *protocol == "tieline" {
		open, shut = `{"messages":[`, `]}`
	}
	dst = append(dst, open...)
	for k := 0; k < *batch; k++ {
		if k > 0 {
			dst = append(dst, ',')
		}
		dst = one(dst, n**batch+k)
	}
	return append(dst, shut...)
}

// answer reads a whole response; anything but success ends the run.
func (c *client) answer() {
	status, err := c.in.ReadString('\n')
	if err != nil {
		fail("answer", err)
	}
	length := 0
	for {
		line, err := c.in.ReadSlice('\n')
		if err != nil {
			fail("answer", err)
		}
		if len(line) <= 2 {
			break
		}
		if name, value, ok := bytes.Cut(line, []byte(":")); ok && strings.EqualFold(string(name), "content-length") {
			length, _ = strconv.Atoi(strings.TrimSpace(string(value)))
		}
	}
	if !strings.Contains(status, " 20") {
		body := make([]byte, length)
		io.ReadFull(c.in, body)
		fail("answer", fmt.Errorf("%s %s", strings.TrimSpace(status), body))
	}
	if _, err := c.in.Discard(length); err != nil {
		fail("answer", err)
	}
}

// wsload loads a hub on 127.0.0.1 over web sockets and prints one JSON object.
//
// Publishers post text that carries the time it was meant to be sent; subscribers read it back, so latency includes
// every wait. Closed loop: -window unacknowledged posts per publisher. Open loop: -rate posts a second in all.
// It speaks two protocols: Tieline's (-protocol tieline) and that of the bare parts (-protocol bare). A generator in
// Python would measure itself. Standard library only.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"net"
	"os"
	"sort"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

var (
	addr        = flag.String("addr", "127.0.0.1:8080", "host:port of the hub")
	protocol    = flag.String("protocol", "tieline", "tieline | bare")
	token       = flag.String("token", "", "bearer token (tieline)")
	publishers  = flag.Int("publishers", 1, "connections that post")
	subscribers = flag.Int("subscribers", 10, "connections that read")
	rooms       = flag.Int("rooms", 1, "rooms, spread over publishers and subscribers")
	count       = flag.Int("messages", 20000, "messages in all")
	window      = flag.Int("window", 64, "unacknowledged posts per publisher; 0: open loop by -rate")
	rate        = flag.Float64("rate", 0, "posts a second in all, for the open loop")
	size        = flag.Int("size", 100, "characters of text")
	pid         = flag.Int("pid", 0, "process of the hub, to report its CPU time and memory")
	mode        = flag.String("mode", "ws", "ws: post and read over web sockets | http: post over HTTP | crowd: connect only")
	batch       = flag.Int("batch", 0, "messages in one HTTP request; 0: the endpoint for one")
	spread      = flag.Bool("spread", false, "every publisher posts to all rooms in turn")
	markup      = flag.Bool("markup", false, "write the text in Markdown")
	hold        = flag.Duration("hold", time.Second, "crowd: how long to wait before the memory is read")
	patience    = flag.Duration("patience", 5*time.Second, "give up after so long without progress")
)

var start = time.Now()

func now() int64 { return int64(time.Since(start)) }

func fail(what string, err error) {
	fmt.Fprintln(os.Stderr, "wsload:", what, err)
	os.Exit(1)
}

// counters of the whole run
var delivered, acked, errors atomic.Int64

func main() {
	flag.Parse()
	switch *mode {
	case "http":
		loadHTTP()
	case "crowd":
		crowd()
	default:
		load()
	}
}

// load posts and reads over web sockets.
func load() {
	latencies := make([][]int64, *subscribers)
	var reading sync.WaitGroup
	for i := 0; i < *subscribers; i++ {
		c := join(i % *rooms)
		reading.Add(1)
		go func(i int) {
			defer reading.Done()
			latencies[i] = read(c)
		}(i)
	}
	conns := make([]*socket, *publishers)
	for i := range conns {
		conns[i] = open()
	}
	cpu := cpuSeconds(*pid)
	began := time.Now()
	base := now()
	var posting sync.WaitGroup
	for i, c := range conns {
		posting.Add(1)
		go func() { defer posting.Done(); post(c, i, base) }()
	}
	posting.Wait()
	waitFor(expected())
	wall := time.Since(began).Seconds()
	used := cpuSeconds(*pid) - cpu
	stopReaders()
	reading.Wait()
	reportRun(float64(perPublisher()**publishers), wall, used, latencies)
}

func reportRun(sent, wall, cpu float64, latencies [][]int64) {
	all := sorted(latencies)
	report(map[string]any{
		"messages": sent, "acked": acked.Load(), "delivered": delivered.Load(), "expected": expected(), "errors": errors.Load(),
		"seconds": wall, "messages_per_second": sent / wall, "deliveries_per_second": float64(delivered.Load()) / wall,
		"p50_ms": percentile(all, 50), "p99_ms": percentile(all, 99), "max_ms": percentile(all, 100),
		"cpu_us_per_message": cpu / sent * 1e6, "memory_mb": float64(memory(*pid)) / 1e6,
	})
}

func sorted(lists [][]int64) []int64 {
	var all []int64
	for _, l := range lists {
		all = append(all, l...)
	}
	sort.Slice(all, func(i, j int) bool { return all[i] < all[j] })
	return all
}

func perPublisher() int { return *count / *publishers }

// expected deliveries: each message goes to every subscriber of its room.
func expected() int64 {
	inRoom := make([]int64, *rooms)
	for i := 0; i < *subscribers; i++ {
		inRoom[i%*rooms]++
	}
	var n int64
	for i := 0; i < *publishers; i++ {
		n += int64(perPublisher()) * inRoom[i%*rooms]
	}
	return n
}

func waitFor(want int64) {
	last, since := int64(-1), time.Now()
	for delivered.Load() < want {
		if d := delivered.Load(); d != last {
			last, since = d, time.Now()
		} else if time.Since(since) > *patience {
			return
		}
		time.Sleep(200 * time.Microsecond)
	}
}

var open_ []*socket
var openLock sync.Mutex

func stopReaders() {
	openLock.Lock()
	defer openLock.Unlock()
	for _, s := range open_ {
		s.conn.Close()
	}
}

// join subscribes a new connection to a room.
func join(room int) *socket {
	s := open()
	openLock.Lock()
	open_ = append(open_, s)
	openLock.Unlock()
	if *protocol == "bare" {
		s.write([]byte(`{"op":"join","room":"room-` + strconv.Itoa(room) + `"}`))
	} else {
		s.write([]byte(`{"type":"subscribe","rooms":["room-` + strconv.Itoa(room) + `"]}`))
	}
	if _, err := s.next(); err != nil {
		fail("subscribe", err)
	}
	return s
}

func open() *socket {
	header := ""
	if *token != "" {
		header = "Authorization: Bearer " + *token + "\r\n"
	}
	s, err := dial(*addr, "/ws", header)
	if err != nil {
		fail("connect", err)
	}
	if *protocol == "tieline" {
		if _, err := s.next(); err != nil { // ready
			fail("ready", err)
		}
	}
	return s
}

func read(s *socket) []int64 {
	var out []int64
	for {
		frame, err := s.next()
		if err != nil {
			return out
		}
		if at, ok := stamp(frame); ok {
			out = append(out, now()-at)
			delivered.Add(1)
		}
	}
}

// stamp finds the time in "…#<sequence>#<nanoseconds>#". No text begins with "#": that would be a heading.
func stamp(frame []byte) (int64, bool) {
	i := bytes.IndexByte(frame, '#')
	if i < 0 {
		return 0, false
	}
	j := bytes.IndexByte(frame[i+1:], '#')
	if j < 0 {
		return 0, false
	}
	rest := frame[i+j+2:]
	k := bytes.IndexByte(rest, '#')
	if k < 0 {
		return 0, false
	}
	at, err := strconv.ParseInt(string(rest[:k]), 10, 64)
	return at, err == nil
}

var padding = strings.Repeat("x", 1<<16)

const marked = "See **the plan** in `deploy.yaml`: [step 2](https://example.org/plan?step=2), then *wait*. "

// text of a message: unique, with the time it was meant to be sent, padded to -size; with -markup a line of Markdown.
func text(publisher, n int, at int64) string {
	head := "message #" + strconv.Itoa(n) + "#" + strconv.FormatInt(at, 10) + "# "
	if *markup {
		head += marked
	}
	if len(head) < *size {
		head += padding[:*size-len(head)]
	}
	return head
}

func payload(dst []byte, publisher, n int, at int64) []byte {
	text := text(publisher, n, at)
	room := strconv.Itoa(publisher % *rooms)
	if *spread {
		room = strconv.Itoa(n % *rooms)
	}
	if *protocol == "bare" {
		return fmt.Appendf(dst, `{"op":"send","room":"room-%s","id":%d,"sender":"agent-7","text":"%s"}`, room, n, text)
	}
	return fmt.Appendf(dst, `{"type":"post","ref":"%d","room":"room-%s","text":"%s","client_id":"%d-%d-%d"}`,
		n, room, text, start.UnixNano(), publisher, n)
}

// post sends its share; in the closed loop never more than -window without an acknowledgement.
func post(s *socket, publisher int, base int64) {
	free := make(chan struct{}, 1<<20)
	done := make(chan struct{})
	total := perPublisher()
	for i := 0; i < *window; i++ {
		free <- struct{}{}
	}
	go func() {
		defer close(done)
		for got := 0; got < total; got++ {
			frame, err := s.next()
			if err != nil {
				errors.Add(1)
				return
			}
			if bytes.HasPrefix(frame, []byte(`{"type":"error"`)) {
				errors.Add(1)
			} else {
				acked.Add(1)
			}
			free <- struct{}{}
		}
	}()
	var out []byte
	for n := 0; n < total; n++ {
		at := now()
		if *window > 0 {
			select {
			case <-free:
			default:
				s.flush(&out)
				<-free
			}
			at = now()
		} else {
			due := base + int64(float64(n*(*publishers)+publisher)/(*rate)*1e9)
			if wait := due - at; wait > 0 {
				s.flush(&out)
				time.Sleep(time.Duration(wait))
			}
			at = due
		}
		out = s.masked(out, payload(nil, publisher, n, at))
		if len(out) > 8192 {
			s.flush(&out)
		}
	}
	s.flush(&out)
	select {
	case <-done:
	case <-time.After(*patience + time.Duration(float64(total)/1000)*time.Second):
	}
}

func percentile(sorted []int64, p float64) float64 {
	if len(sorted) == 0 {
		return -1
	}
	return float64(sorted[int(p/100*float64(len(sorted)-1))]) / 1e6
}

func report(values map[string]any) {
	out, err := json.Marshal(values)
	if err != nil {
		fail("report", err)
	}
	fmt.Println(string(out))
}

func cpuSeconds(pid int) float64 {
	if pid == 0 {
		return 0
	}
	var total float64
	tasks, _ := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	for _, t := range tasks {
		b, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%s/schedstat", pid, t.Name()))
		if err != nil {
			continue
		}
		if f := strings.Fields(string(b)); len(f) > 0 {
			ns, _ := strconv.ParseFloat(f[0], 64)
			total += ns / 1e9
		}
	}
	return total
}

func memory(pid int) int64 {
	b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	for _, line := range strings.Split(string(b), "\n") {
		if strings.HasPrefix(line, "VmRSS:") {
			kb, _ := strconv.ParseInt(strings.Fields(line)[1], 10, 64)
			return kb * 1024
		}
	}
	return 0
}

// socket is the client side of a web socket: text frames only, answers pings.
type socket struct {
	conn net.Conn
	in   *bufio.Reader
	lock sync.Mutex
	buf  []byte
}

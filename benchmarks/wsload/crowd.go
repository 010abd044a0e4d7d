package main

import (
	"sync"
	"sync/atomic"
	"time"
)

// crowd connects -subscribers clients, many at once, while one client measures how long the hub answers nothing.
// Then it waits -hold and reports the memory of the hub per connection.
func crowd() {
	before := memory(*pid)
	probe := open()
	var done atomic.Bool
	var worst []int64
	var probing sync.WaitGroup
	probing.Add(1)
	go func() {
		defer probing.Done()
		for !done.Load() {
			at := now()
			probe.write(pingFrame())
			if _, err := probe.next(); err != nil {
				fail("probe", err)
			}
			worst = append(worst, now()-at)
			time.Sleep(2 * time.Millisecond)
		}
	}()
	cpu, began := cpuSeconds(*pid), time.Now()
	var joining sync.WaitGroup
	next := make(chan int)
	for w := 0; w < 32; w++ {
		joining.Add(1)
		go func() {
			defer joining.Done()
			for i := range next {
				join(i % *rooms)
			}
		}()
	}
	for i := 0; i < *subscribers; i++ {
		next <- i
	}
	close(next)
	joining.Wait()
	wall, used := time.Since(began).Seconds(), cpuSeconds(*pid)-cpu
	time.Sleep(*hold)
	done.Store(true)
	probing.Wait()
	n := float64(*subscribers)
	all := sorted([][]int64{worst})
	report(map[string]any{
		"connections": n, "connections_per_second": n / wall, "cpu_us_per_connection": used / n * 1e6,
		"bytes_per_connection": float64(memory(*pid)-before) / n,
		"stall_p99_ms":         percentile(all, 99), "stall_max_ms": percentile(all, 100),
	})
}

func pingFrame() []byte {
	if *protocol == "bare" {
		return []byte(`{"op":"join","room":"nobody"}`)
	}
	return []byte(`{"type":"ping"}`)
}

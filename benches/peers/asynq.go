// Delayed tasks with asynq: asynq PORT TASKS WINDOW_MS LEAD_MS. Prints one line of JSON: lateness p99 in ms, and
// tasks a second from the first to the last. A window of 0: all due at once. Looks for due tasks every second,
// the shortest that it takes; its default is five.
package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"log"
	"math/rand"
	"os"
	"sort"
	"strconv"
	"sync"
	"time"

	"github.com/hibiken/asynq"
)

func number(place int) int {
	value, err := strconv.Atoi(os.Args[place])
	if err != nil {
		log.Fatal(err)
	}
	return value
}

func load(redis asynq.RedisClientOpt, tasks, window int, first time.Time) {
	client := asynq.NewClient(redis)
	defer client.Close()
	var loaders sync.WaitGroup
	const LOADERS = 16
	for loader := 0; loader < LOADERS; loader++ {
		loaders.Add(1)
		go func() {
			defer loaders.Done()
			dice := rand.New(rand.NewSource(int64(loader)))
			for n := loader; n < tasks; n += LOADERS {
				due := first
				if window > 0 {
					due = due.Add(time.Duration(dice.Intn(window)) * time.Millisecond)
				}
				payload := binary.LittleEndian.AppendUint64(nil, uint64(due.UnixMicro()))
				if _, err := client.Enqueue(asynq.NewTask("task", payload), asynq.ProcessAt(due)); err != nil {
					log.Fatal(err)
				}
			}
		}()
	}
	loaders.Wait()
	if time.Now().After(first) {
		log.Fatal("loading took longer than the lead")
	}
}

func main() {
	port, tasks, window, lead := number(1), number(2), number(3), number(4)
	redis := asynq.RedisClientOpt{Addr: fmt.Sprintf("127.0.0.1:%d", port)}
	load(redis, tasks, window, time.Now().Add(time.Duration(lead)*time.Millisecond))

	var lock sync.Mutex
	var began time.Time
	late := make([]float64, 0, tasks)
	done := make(chan time.Time, 1)
	fire := func(_ context.Context, task *asynq.Task) error {
		now := time.Now()
		due := int64(binary.LittleEndian.Uint64(task.Payload()))
		lock.Lock()
		defer lock.Unlock()
		if len(late) == 0 {
			began = now
		}
		late = append(late, float64(now.UnixMicro()-due)/1000)
		if len(late) == tasks {
			done <- now
		}
		return nil
	}
	server := asynq.NewServer(redis, asynq.Config{
		Concurrency: 50, DelayedTaskCheckInterval: time.Second, LogLevel: asynq.ErrorLevel,
	})
	if err := server.Start(asynq.HandlerFunc(fire)); err != nil {
		log.Fatal(err)
	}
	took := (<-done).Sub(began).Seconds()
	sort.Float64s(late)
	p99 := late[int(float64(len(late)-1)*0.99)]
	fmt.Printf("{\"p99\": %.3f, \"rate\": %.1f}\n", p99, float64(tasks)/took)
	os.Exit(0)
}

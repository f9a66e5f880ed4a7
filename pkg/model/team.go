package model

import (
	"runtime"
	"sync/atomic"
	"time"

	"github.com/effnet/effnet/internal/cpu"
)

// team shares the tasks of an operation among the workers of a workspace. The
// caller is worker 0; the others wait for the next operation spinning, since
// that is under a microsecond away within a picture, and park when nothing
// comes. Who parks says so first and then looks again, and the two must not
// change places: a Store and a Load do under emulators of arm64, which know
// acquire and release but no single order.
type team struct {
	ws      *Workspace
	members []*member // workers 1 and up

	// ticket is the operation's serial number in the upper half and its next
	// task in the lower. Whoever adds to it owns the tasks it passed, of the
	// operation that the sum names.
	ticket  atomic.Uint64
	pending atomic.Int64 // tasks of the current operation that are not done
	waiting atomic.Bool  // the caller is parked until they are
	done    chan struct{}
	closed  atomic.Bool
	serial  uint32
	counts  []uint32 // tasks by operation, at the end of apart
	grains  []uint32 // tasks to take at once, likewise
	spin    time.Duration
}

type member struct {
	worker *worker
	parked atomic.Bool
	wake   chan struct{}
}

// spinTime is how long the caller and the members wait before they park.
const spinTime = 100 * time.Microsecond

// spinFor is how long the members of a team spin: not at all where there are
// fewer cores than workers, or where a control group counts the time, since
// spinning would keep others from working.
func spinFor(threads, cores int, confined bool) time.Duration {
	if threads > cores || confined {
		return 0
	}
	return spinTime
}

func newTeam(ws *Workspace) *team {
	t := &team{ws: ws, done: make(chan struct{}, 1)}
	threads := len(ws.workers)
	t.spin = spinFor(threads, min(runtime.GOMAXPROCS(0), runtime.NumCPU()), cpu.Confined())
	for _, op := range ws.plan.operations {
		n := op.tasks(threads)
		t.counts = append(t.counts, uint32(n))
		t.grains = append(t.grains, uint32(max(1, n/(tasksPerThread*threads))))
	}
	t.counts, t.grains = append(t.counts, uint32(threads)), append(t.grains, 1)
	// The lower half of the first ticket is beyond every count: nothing to do.
	t.ticket.Store(nothing)
	for _, w := range ws.workers[1:] {
		m := &member{worker: w, wake: make(chan struct{}, 1)}
		t.members = append(t.members, m)
		go t.work(m)
	}
	return t
}

const nothing = 1<<32 - 1

// apart stands for the operation in which each worker takes pictures of its own.
func (t *team) apart() int { return len(t.counts) - 1 }

// do runs operation i with all workers and returns when every task is done.
func (t *team) do(i int) {
	t.serial++
	// The serial's remainder names the operation.
	for int(t.serial)%len(t.counts) != i {
		t.serial++
	}
	t.pending.Store(int64(t.counts[i]))
	t.ticket.Store(uint64(t.serial) << 32)
	for _, m := range t.members {
		if m.parked.CompareAndSwap(true, false) {
			m.wake <- struct{}{}
		}
	}
	for t.take(t.ws.workers[0]) {
	}
	t.finish()
}

// finish returns when every task is done.
func (t *team) finish() {
	idle := func() bool { return t.pending.Load() == 0 }
	for !t.await(idle) {
		t.waiting.Swap(true) // no Store: see team
		if idle() && t.waiting.CompareAndSwap(true, false) {
			return
		}
		// A member that was slow to tell of an earlier operation may wake us.
		<-t.done
	}
}

// take does one helping of tasks, if any is left.
func (t *team) take(w *worker) bool {
	now := t.ticket.Load()
	i := int(uint32(now>>32)) % len(t.counts)
	if uint32(now) >= t.counts[i] {
		return false
	}
	grain := t.grains[i]
	end := t.ticket.Add(uint64(grain))
	serial := uint32((end - uint64(grain)) >> 32)
	first := uint32(end - uint64(grain))
	i = int(serial) % len(t.counts)
	last := min(first+grain, t.counts[i])
	if first >= last {
		return false
	}
	if i == t.apart() {
		t.ws.takePictures(w)
	} else {
		w.serial = uint64(serial)
		for task := first; task < last; task++ {
			t.ws.plan.operations[i].run(w, int(task))
		}
	}
	if t.pending.Add(-int64(last-first)) == 0 && t.waiting.CompareAndSwap(true, false) {
		t.done <- struct{}{}
	}
	return true
}

// work is the life of a member.
func (t *team) work(m *member) {
	for !t.closed.Load() {
		if t.take(m.worker) || t.await(t.ready) {
			continue
		}
		m.parked.Swap(true) // likewise
		if t.ready() && m.parked.CompareAndSwap(true, false) {
			continue
		}
		<-m.wake
	}
}

// ready tells whether there are tasks to take, or the team is closed.
func (t *team) ready() bool {
	now := t.ticket.Load()
	return uint32(now) < t.counts[int(uint32(now>>32))%len(t.counts)] || t.closed.Load()
}

// await spins until something is so, or gives up.
func (t *team) await(is func() bool) bool {
	for start := time.Now(); time.Since(start) < t.spin; {
		for range 64 {
			if is() {
				return true
			}
		}
	}
	return is()
}

func (t *team) close() {
	t.closed.Store(true)
	for _, m := range t.members {
		if m.parked.CompareAndSwap(true, false) {
			m.wake <- struct{}{}
		}
	}
}

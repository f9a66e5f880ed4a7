package cache

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// The tests start this binary again as processes that use one cache. Each puts
// and gets the same keys in another order, forever or for some rounds.
const (
	envDir    = "EFFNET_TEST_CACHE"
	envRounds = "EFFNET_TEST_CACHE_ROUNDS"

	sharedKeys  = 150
	sharedSize  = 2000
	sharedLimit = 80 * sharedSize
)

func TestMain(m *testing.M) {
	dir := os.Getenv(envDir)
	if dir == "" {
		os.Exit(m.Run())
	}
	rounds := 0
	if _, err := fmt.Sscan(os.Getenv(envRounds), &rounds); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	if err := use(dir, rounds, func() { fmt.Println("open") }); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

// use hammers the cache from four goroutines.
func use(dir string, rounds int, opened func()) error {
	d, err := Open(dir, sharedLimit)
	if err != nil {
		return err
	}
	opened()
	var wg sync.WaitGroup
	wrong := make(chan int, 4)
	for g := range 4 {
		wg.Go(func() {
			for n := range rounds * sharedKeys {
				i := (n*(2*g+7) + os.Getpid()) % sharedKeys
				want := valueOf(i, sharedSize-sealSize)
				if got, ok := d.Get(keyOf(i)); !ok {
					d.Put(keyOf(i), want)
				} else if !bytes.Equal(got, want) {
					wrong <- i
					return
				}
			}
		})
	}
	wg.Wait()
	if err := d.Close(); err != nil {
		return err
	}
	select {
	case i := <-wrong:
		return fmt.Errorf("key %d has another value", i)
	default:
		return nil
	}
}

func process(t *testing.T, dir string, rounds int) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), envDir+"="+dir, fmt.Sprint(envRounds, "=", rounds))
	return cmd
}

func TestProcessesShareACache(t *testing.T) {
	dir := t.TempDir()
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			if out, err := process(t, dir, 2).CombinedOutput(); err != nil {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
	wg.Wait()
	if got := kept(t, dir); got > sharedLimit || got < sharedLimit/2 {
		t.Errorf("%d bytes kept, the limit is %d", got, sharedLimit)
	}
	whole(t, dir)
}

// whole fails where a file under the name of an entry is not one.
func whole(t *testing.T, dir string) (temporaries []string) {
	t.Helper()
	for path := range files(t, dir) {
		switch folder, name := filepath.Base(filepath.Dir(path)), filepath.Base(path); {
		case entryName.MatchString(name):
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if _, ok := unseal(folder+name, data); !ok {
				t.Errorf("%s is torn, %d bytes", path, len(data))
			}
		case temporaryName.MatchString(name):
			temporaries = append(temporaries, path)
		case name != tagName:
			t.Errorf("%s is left", path)
		}
	}
	return temporaries
}

func TestKilledProcessesLeaveWholeEntries(t *testing.T) {
	dir := t.TempDir()
	for i := range 15 {
		cmd := process(t, dir, 1000)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if _, err := out.Read(make([]byte, 1)); err != nil {
			t.Error(err)
		}
		time.Sleep(time.Duration(3*i) * time.Millisecond)
		if err := cmd.Process.Kill(); err != nil {
			t.Error(err)
		}
		cmd.Wait()
	}
	for _, path := range whole(t, dir) {
		age(t, path, 2*leftoverAfter)
	}
	if err := use(dir, 1, func() {}); err != nil {
		t.Error(err)
	}
	d := open(t, dir, sharedLimit)
	d.done.Wait()
	if left := whole(t, dir); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
	if got := kept(t, dir); got > sharedLimit {
		t.Errorf("%d bytes kept", got)
	}
}

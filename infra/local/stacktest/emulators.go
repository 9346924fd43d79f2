package stacktest

import (
	"context"
	"path/filepath"
	"strconv"
	"sync"

	"github.com/askpro/gateway/infra/local/emulator"
	"github.com/askpro/gateway/infra/local/stack"
)

// built are the functions, which no test changes.
var built = sync.OnceValues(func() (map[string]string, error) { return stack.Build(context.Background(), root()) })

// emulators that run, one for each stack that runs at the same time: most tests are over before an emulator of their own
// would answer.
var emulators struct {
	mu   sync.Mutex
	free []*emulator.Emulator
}

// emulatorFor is an emulator that no stack has; if there is none, one is started at the port.
func emulatorFor(port int) (*emulator.Emulator, error) {
	emulators.mu.Lock()
	if last := len(emulators.free) - 1; last >= 0 {
		defer emulators.mu.Unlock()
		e := emulators.free[last]
		emulators.free = emulators.free[:last]
		return e, nil
	}
	emulators.mu.Unlock()
	return emulator.Start(context.Background(), emulator.Options{
		Venv: filepath.Join(root(), ".venv"), Port: port, Log: filepath.Join(root(), ".build", "local", strconv.Itoa(port), "emulator.log"),
	})
}

// giveBack leaves an emulator to the next stack.
func giveBack(e *emulator.Emulator) {
	emulators.mu.Lock()
	defer emulators.mu.Unlock()
	emulators.free = append(emulators.free, e)
}

// stopEmulators ends those that no stack has.
func stopEmulators() {
	emulators.mu.Lock()
	defer emulators.mu.Unlock()
	for _, e := range emulators.free {
		e.Stop()
	}
	emulators.free = nil
}

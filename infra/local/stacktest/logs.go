package stacktest

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
)

// planted is what the tests put into calls, letters and headers, and what no log line may show.
var planted = regexp.MustCompile(`(?i)\+49\d{6,}|erika|berta|frieda|max test|karl kunze|key_[a-z0-9]|cal_[a-z0-9]+-|cal_demo|whsec_|v=\d{10,},d=|[0-9a-f]{64}|@[a-z0-9.-]*\.example|transcript"?:|Agent: |Schnitt`)

var logs struct {
	mu      sync.Mutex
	folders []string
}

func remember(folder string) {
	logs.mu.Lock()
	defer logs.mu.Unlock()
	logs.folders = append(logs.folders, folder)
}

// leaks lists the lines of the functions' logs that show what was planted.
func leaks() []string {
	logs.mu.Lock()
	defer logs.mu.Unlock()
	var found []string
	lines := 0
	for _, folder := range logs.folders {
		files, _ := filepath.Glob(filepath.Join(folder, "*.log"))
		for _, name := range files {
			raw, err := os.ReadFile(name)
			if err != nil {
				found = append(found, err.Error())
				continue
			}
			for _, line := range strings.Split(string(raw), "\n") {
				lines++
				if hit := planted.FindString(line); hit != "" && len(found) < 20 {
					found = append(found, fmt.Sprintf("%s: %q in %s", filepath.Base(name), hit, line))
				}
			}
		}
	}
	if len(logs.folders) > 0 && lines == 0 {
		found = append(found, "no function logged anything: nothing was looked through")
	}
	return found
}

package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/askpro/gateway/internal/voice"
)

// §17.29: the agent is generated from the tools and lies in the repository.
func TestTheAgentInTheRepositoryIsTheOneOfTheDefinitions(t *testing.T) {
	t.Parallel()
	want, err := voice.Template()
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join("../..", File))
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Errorf("%s is not what the tool definitions say: run make agent", File)
	}
}

// Package emulator runs the AWS emulator of the local stack as a child process and makes the template's data resources in
// it. Its one rule: it creates what template.yaml says and nothing else; permissions, faults and time are the endpoint's
// in front of it. TTL is left out on purpose: it is applied on the stack's clock (Sweep).
package emulator

import (
	"bytes"
	"context"
	"crypto/rand"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/askpro/gateway/infra/local/template"
)

// Emulator is a running child.
type Emulator struct {
	URL     string
	cmd     *exec.Cmd
	log     *os.File
	ended   chan struct{} // closed when the child is gone
	edition string        // only our child knows it
}

// Options of a start.
type Options struct {
	Venv string // with ministack installed
	Port int
	Log  string // file for its output
}

// serve is the program of the child.
//
//go:embed serve.py
var serve string

// client keeps a connection for everybody who polls at the same time.
var client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}

// Start runs the emulator and waits until it answers.
func Start(ctx context.Context, o Options) (*Emulator, error) {
	python := filepath.Join(o.Venv, "bin", "python3")
	if _, err := os.Stat(python); err != nil {
		return nil, fmt.Errorf("the emulator is not installed (%s): run make setup", python)
	}
	free, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(o.Port))
	if err != nil {
		return nil, fmt.Errorf("the emulator's port %d is taken: stop what uses it, or move all ports together with PORT_BASE", o.Port)
	}
	free.Close()
	if err := os.MkdirAll(filepath.Dir(o.Log), 0o755); err != nil {
		return nil, err
	}
	log, err := os.Create(o.Log)
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(python, "-c", serve, "127.0.0.1", strconv.Itoa(o.Port))
	edition := rand.Text()
	// Nothing of ours but where programs and temporary files are: a setting of the person's shell would change what it does.
	// It would open ports for IoT and SFTP beside its own.
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "TMPDIR=" + os.TempDir(), "GATEWAY_PORT=" + strconv.Itoa(o.Port),
		"MINISTACK_REGION=" + template.Region, "MINISTACK_ACCOUNT_ID=" + template.Account, "LOG_LEVEL=ERROR", "IOT_MTLS_ENABLED=0", "SFTP_ENABLED=0",
		"MINISTACK_EDITION=" + edition} // told by its health
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL} // it ends with us, however we end
	if err := cmd.Start(); err != nil {
		log.Close()
		return nil, fmt.Errorf("start the emulator: %w", err)
	}
	e := &Emulator{URL: "http://127.0.0.1:" + strconv.Itoa(o.Port), cmd: cmd, log: log, ended: make(chan struct{}), edition: edition}
	go func() {
		_ = cmd.Wait() // how it ended stands in its log
		close(e.ended)
	}()
	if err := e.ready(ctx); err != nil {
		e.Stop()
		return nil, fmt.Errorf("the emulator does not answer, see %s: %w", o.Log, err)
	}
	return e, nil
}

// ErrPortTaken says that somebody else answers where the emulator should.
var ErrPortTaken = errors.New("another program took its port meanwhile")

func (e *Emulator) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, e.URL+"/_ministack/health", nil)
		if err != nil {
			return err
		}
		if resp, err := client.Do(req); err == nil {
			var health struct{ Edition string }
			_ = json.NewDecoder(resp.Body).Decode(&health) // a stranger's may be anything
			resp.Body.Close()
			if health.Edition != e.edition {
				return ErrPortTaken
			}
			if resp.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-e.ended:
			return errors.New("it ended at once")
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// Stop ends the child.
func (e *Emulator) Stop() {
	_ = e.cmd.Process.Kill() // it holds nothing that must be saved
	<-e.ended
	e.log.Close()
}

// Reset empties the emulator and makes the resources again.
func Reset(ctx context.Context, url string, s *template.System, parameters map[string]string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/_ministack/reset", nil)
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("empty the emulator: %s", resp.Status)
	}
	return Create(ctx, url, s, parameters)
}

// Authorization is what the emulator wants to see: it reads account, region and service from it and checks no signature.
func Authorization(service string) string {
	return "AWS4-HMAC-SHA256 Credential=" + template.Account + "/20200101/" + template.Region + "/" + service + "/aws4_request, SignedHeaders=host, Signature=0"
}

// Call makes one JSON call of the emulator; target is "DynamoDB_20120810.CreateTable".
func Call(ctx context.Context, url, service, target string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	version := "1.1"
	if service == "dynamodb" || service == "sqs" {
		version = "1.0"
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/", bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-amz-json-"+version)
	req.Header.Set("X-Amz-Target", target)
	req.Header.Set("Authorization", Authorization(service))
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("%s: %d %s", target, resp.StatusCode, raw)
	}
	if out == nil || len(raw) == 0 {
		return nil
	}
	return json.Unmarshal(raw, out)
}

package retell_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/askpro/gateway/internal/retell"
)

// script signs and verifies with Retell's own SDK, one JSON document a line.
const script = `
import {createInterface} from 'node:readline';
import {symmetric} from 'retell-sdk/lib/webhook_auth';
for await (const line of createInterface({input: process.stdin})) {
  const {body, key, at, header} = JSON.parse(line);
  const text = Buffer.from(body, 'base64').toString('utf8');
  const signed = await symmetric.sign(text, key, at);
  const verified = await symmetric.verify(text, key, header, {timestamp: at, timeout: 300000});
  console.log(JSON.stringify({signed, verified}));
}`

// TestTheRealSDKAgrees signs with one side and verifies with the other, over bodies as they come.
func TestTheRealSDKAgrees(t *testing.T) {
	t.Parallel()
	const sdk = "../../infra"
	if _, err := os.Stat(sdk + "/node_modules/retell-sdk"); err != nil {
		if os.Getenv("ASKPRO_REQUIRE_NODE") != "" {
			t.Fatal("the SDK is not installed: run make setup")
		}
		t.Skip("needs Node and the SDK: make setup installs it where there is npm")
	}
	random := rand.New(rand.NewPCG(1, 2))
	alphabet := []rune("abc äöüß 😀 \\u00fc \" \n {}[]:,/ €")
	type message struct {
		Body   []byte `json:"body"`
		Key    string `json:"key"`
		At     int64  `json:"at"`
		Header string `json:"header"`
	}
	type verdict struct {
		Signed   string
		Verified bool
	}
	var in bytes.Buffer
	var messages []message
	encoder := json.NewEncoder(&in)
	for i := range 200 {
		length := random.IntN(400)
		if i == 0 {
			length = 0
		}
		if i == 1 {
			length = 400_000
		}
		var b strings.Builder
		for range length {
			b.WriteRune(alphabet[random.IntN(len(alphabet))])
		}
		m := message{Body: []byte(b.String()), Key: fmt.Sprintf("key_%x", random.Uint64()), At: 1_760_000_000_000 + random.Int64N(1e11)}
		m.Header = retell.Sign(m.Key, m.Body, time.UnixMilli(m.At))
		messages = append(messages, m)
		if err := encoder.Encode(m); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("node", "--input-type=module", "-e", script)
	cmd.Dir, cmd.Stdin = sdk, &in
	var problems bytes.Buffer
	cmd.Stderr = &problems
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, problems.String())
	}
	lines := bytes.Split(bytes.TrimSpace(out), []byte("\n"))
	if len(lines) != len(messages) {
		t.Fatalf("%d answers to %d messages", len(lines), len(messages))
	}
	for i, m := range messages {
		var v verdict
		if err := json.Unmarshal(lines[i], &v); err != nil {
			t.Fatal(err)
		}
		if !v.Verified {
			t.Errorf("message %d: the SDK refuses our signature", i)
		}
		if !retell.Verify([]string{m.Key}, m.Body, http.Header{retell.Header: {v.Signed}}, time.UnixMilli(m.At)) {
			t.Errorf("message %d: we refuse the SDK's signature", i)
		}
	}
}

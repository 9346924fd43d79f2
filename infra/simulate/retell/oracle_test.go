package retell_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"testing"
)

// script lets the real SDK use the simulator.
const script = `
import Retell from 'retell-sdk';
const client = new Retell({apiKey: 'key_demo_webhook', baseURL: process.env.SIMULATOR + '/retell', maxRetries: 0});
const call = await client.call.retrieve('call_1');
const list = await client.call.list({filter_criteria: {call_status: {type: 'enum', op: 'in', value: ['ended']}}, include_total: true});
const llm = await client.llm.create({general_prompt: 'Guten Tag'});
const agent = await client.agent.create({voice_id: 'v', response_engine: {type: 'retell-llm', llm_id: llm.llm_id}});
const changed = await client.agent.update(agent.agent_id, {agent_name: 'AskPro'});
const read = await client.agent.retrieve(agent.agent_id);
const error = await client.call.retrieve('call_0').catch(e => e);
console.log(JSON.stringify({transcript: call.transcript, items: list.items.length, total: list.total, llm: (await client.llm.retrieve(llm.llm_id)).general_prompt,
  name: [changed.agent_name, read.agent_name], error: error instanceof Retell.NotFoundError, status: error.status, message: error.message}));`

func TestTheRealSDKUsesTheSimulator(t *testing.T) {
	t.Parallel()
	const sdk = "../.."
	if _, err := os.Stat(sdk + "/node_modules/retell-sdk"); err != nil {
		if os.Getenv("ASKPRO_REQUIRE_NODE") != "" {
			t.Fatal("the SDK is not installed: run make setup")
		}
		t.Skip("needs Node and the SDK: make setup installs it where there is npm")
	}
	url := start(t)
	ask(t, url, "POST", "/_sim/calls", `{"call_id":"call_1","call_status":"ended","transcript":"Agent: Grüß Gott"}`, nil)
	cmd := exec.CommandContext(t.Context(), "node", "--input-type=module", "-e", script)
	cmd.Dir, cmd.Env = sdk, append(os.Environ(), "SIMULATOR="+url)
	var problems bytes.Buffer
	cmd.Stderr = &problems
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, problems.String())
	}
	var got map[string]any
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatal(err)
	}
	want := `{"error":true,"items":1,"llm":"Guten Tag","message":"404 Call not found","name":["AskPro","AskPro"],"status":404,"total":1,"transcript":"Agent: Grüß Gott"}`
	if raw, _ := json.Marshal(got); string(raw) != want {
		t.Errorf("the SDK read\n %s\nwant\n %s", raw, want)
	}
}

package store

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/askpro/gateway/internal/booking"
	"github.com/askpro/gateway/internal/desk"
	"github.com/askpro/gateway/internal/german"
	"github.com/askpro/gateway/internal/lambdakit"
	"github.com/askpro/gateway/internal/ledger"
	"github.com/askpro/gateway/internal/notify"
	"github.com/askpro/gateway/internal/tenant"
)

// recorder answers every request with nothing and keeps what was asked.
type recorder struct {
	mu  sync.Mutex
	got []string
}

// RoundTrip keeps operation and keys of a request.
func (r *recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	_, operation, _ := strings.Cut(req.Header.Get("X-Amz-Target"), ".")
	r.mu.Lock()
	r.got = append(r.got, keysOf(operation, body))
	r.mu.Unlock()
	return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(bytes.NewBufferString("{}")), Request: req}, nil
}

type att struct{ S string }

// keysOf writes a request as its line in the list has it: operation, index, partition and sort key.
func keysOf(operation string, body []byte) string {
	var in struct {
		IndexName                 string
		Key                       map[string]att
		KeyConditionExpression    string
		ExpressionAttributeValues map[string]json.RawMessage
		RequestItems              map[string]struct{ Keys []map[string]att }
	}
	if err := json.Unmarshal(body, &in); err != nil {
		return err.Error()
	}
	value := func(name string) string {
		var a att
		_ = json.Unmarshal(in.ExpressionAttributeValues[name], &a) // a name that is not there has no value
		return a.S
	}
	switch operation {
	case "Query":
		pk, sk := value(":pk"), ""
		if pk == "" {
			pk = value(":shard")
		}
		switch {
		case strings.Contains(in.KeyConditionExpression, "begins_with"):
			sk = value(":sk") + "…"
		case strings.Contains(in.KeyConditionExpression, "BETWEEN"):
			sk = value(":from") + " … " + value(":to")
		case strings.Contains(in.KeyConditionExpression, "<= :now"):
			sk = "≤ now"
		}
		return strings.Join([]string{operation, in.IndexName, pk, sk}, " / ")
	case "BatchGetItem":
		var pks, sks []string
		for _, x := range in.RequestItems {
			for _, key := range x.Keys {
				pks, sks = append(pks, key["pk"].S), append(sks, key["sk"].S)
			}
		}
		return strings.Join([]string{operation, "", strings.Join(pks, " | "), strings.Join(sks, " | ")}, " / ")
	}
	return strings.Join([]string{operation, in.IndexName, in.Key["pk"].S, in.Key["sk"].S}, " / ")
}

type anybody struct{}

// For gives keys that nobody checks.
func (anybody) For(tenant.ID) aws.CredentialsProvider {
	return aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: "x", SecretAccessKey: "x"}, nil
	})
}

var (
	oneDay = german.Date{Year: 2026, Month: 11, Day: 24}
	noon   = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	us     = tenant.Proven("CID")
)

// asking makes each method of the list ask; ids are words that stand for themselves.
var asking = map[string]func(ctx context.Context, s *Table, d *Directory, t *Timers) error{
	"Directory.Route": func(ctx context.Context, _ *Table, d *Directory, _ *Timers) error {
		_, err := d.Route(ctx, "ROUTEID")
		return err
	},
	"Directory.Number": func(ctx context.Context, _ *Table, d *Directory, _ *Timers) error {
		_, err := d.Number(ctx, "+4930")
		return err
	},
	"Config": func(ctx context.Context, s *Table, _ *Directory, _ *Timers) error {
		_, err := s.Config(ctx, us)
		return err
	},
	"Session": func(ctx context.Context, s *Table, _ *Directory, _ *Timers) error {
		_, err := s.Session(ctx, us, "CALLID")
		return err
	},
	"Call": func(ctx context.Context, s *Table, _ *Directory, _ *Timers) error {
		_, _, err := s.Call(ctx, us, "CALLID")
		return err
	},
	"ToolCall": func(ctx context.Context, s *Table, _ *Directory, _ *Timers) error {
		_, _, err := s.ToolCall(ctx, us, "CALLID", 7)
		return err
	},
	"ToolCalls": func(ctx context.Context, s *Table, _ *Directory, _ *Timers) error {
		_, err := s.ToolCalls(ctx, us, "CALLID")
		return err
	},
	"Events": func(ctx context.Context, s *Table, _ *Directory, _ *Timers) error {
		_, err := s.Events(ctx, us, "CALLID")
		return err
	},
	"Transcript": func(ctx context.Context, s *Table, _ *Directory, _ *Timers) error {
		_, _, err := s.Transcript(ctx, us, "CALLID")
		return err
	},
	"CallIDs": func(ctx context.Context, s *Table, _ *Directory, _ *Timers) error {
		_, err := s.CallIDs(ctx, us, 5)
		return err
	},
	"CallPage": func(ctx context.Context, s *Table, _ *Directory, _ *Timers) error {
		_, _, err := s.CallPage(ctx, us, noon, noon.Add(time.Hour), "", 10)
		return err
	},
	"Appointment": func(ctx context.Context, s *Table, _ *Directory, _ *Timers) error {
		_, _, err := s.Appointment(ctx, us, "AID")
		return err
	},
	"Changes": func(ctx context.Context, s *Table, _ *Directory, _ *Timers) error {
		_, err := s.Changes(ctx, us, "AID")
		return err
	},
	"Claim": func(ctx context.Context, s *Table, _ *Directory, _ *Timers) error {
		_, _, err := s.Claim(ctx, us, "UID")
		return err
	},
	"Gather": func(ctx context.Context, s *Table, _ *Directory, _ *Timers) error {
		_, err := s.Gather(ctx, us, ledger.Ask{Days: []booking.DayKey{{Resource: "RES", Date: oneDay}}, Slots: []booking.SlotKey{{EventTypeID: 4711, Date: oneDay}}, Card: "+4915", Key: "ssm:/x"})
		return err
	},
	"LeaseSlots": func(ctx context.Context, s *Table, _ *Directory, _ *Timers) error {
		_, err := s.LeaseSlots(ctx, us, booking.SlotKey{EventTypeID: 4711, Date: oneDay}, noon, noon.Add(time.Second))
		return err
	},
	"Lease": func(ctx context.Context, s *Table, _ *Directory, _ *Timers) error {
		_, _, err := s.Lease(ctx, us, "ssm:/x", ledger.Lease{Tick: 7, Take: ledger.Spent{Used: 2}})
		return err
	},
	"Trip": func(ctx context.Context, s *Table, _ *Directory, _ *Timers) error {
		_, _, err := s.Trip(ctx, us, "ssm:/x", "slots", ledger.Breaker{}, ledger.Breaker{Failures: 1})
		return err
	},
	"Customer": func(ctx context.Context, s *Table, _ *Directory, _ *Timers) error {
		_, _, err := s.Customer(ctx, us, "CUST")
		return err
	},
	"CustomerOfEmail": func(ctx context.Context, s *Table, _ *Directory, _ *Timers) error {
		_, _, err := s.CustomerOfEmail(ctx, us, "a@b.example")
		return err
	},
	"Callback": func(ctx context.Context, s *Table, _ *Directory, _ *Timers) error {
		_, _, err := s.Callback(ctx, us, "CB")
		return err
	},
	"CallbackEvents": func(ctx context.Context, s *Table, _ *Directory, _ *Timers) error {
		_, err := s.CallbackEvents(ctx, us, "CB")
		return err
	},
	"ClaimOnce": func(ctx context.Context, s *Table, _ *Directory, _ *Timers) error {
		return s.ClaimOnce(ctx, us, "alarm/1", time.Minute)
	},
	"OpenCallbacks": func(ctx context.Context, s *Table, _ *Directory, _ *Timers) error {
		_, err := s.OpenCallbacks(ctx, us, "BID")
		return err
	},
	"AppointmentIDs": func(ctx context.Context, s *Table, _ *Directory, _ *Timers) error {
		_, err := s.AppointmentIDs(ctx, us, "BID", noon, noon.Add(time.Hour), 10)
		return err
	},
	"CustomersNamed": func(ctx context.Context, s *Table, _ *Directory, _ *Timers) error {
		_, err := s.CustomersNamed(ctx, us, "erika muster", 10)
		return err
	},
	"Claims": func(ctx context.Context, s *Table, _ *Directory, _ *Timers) error {
		_, err := s.Claims(ctx, us, []string{"UID"})
		return err
	},
	"Appointments": func(ctx context.Context, s *Table, _ *Directory, _ *Timers) error {
		_, err := s.Appointments(ctx, us, []string{"AID", "", "AID"})
		return err
	},
	"Watched": func(ctx context.Context, s *Table, _ *Directory, _ *Timers) error {
		_, err := s.Watched(ctx, us)
		return err
	},
	"Round": func(ctx context.Context, s *Table, _ *Directory, _ *Timers) error {
		_, err := s.Round(ctx, us)
		return err
	},
	"Report": func(ctx context.Context, s *Table, _ *Directory, _ *Timers) error {
		_, _, err := s.Report(ctx, us, "KIND")
		return err
	},
	"Tallied": func(ctx context.Context, s *Table, _ *Directory, _ *Timers) error {
		_, _, err := s.Tallied(ctx, us, noon)
		return err
	},
	"Directory.Companies": func(ctx context.Context, _ *Table, d *Directory, _ *Timers) error {
		_, err := d.Companies(ctx)
		return err
	},
	"ClaimDelivery": func(ctx context.Context, s *Table, _ *Directory, _ *Timers) error {
		_, err := s.ClaimDelivery(ctx, us, notify.Delivery{Kind: ledger.OfAppointment, About: "AID", Event: "EVENTNAME", Version: "VERSION", Channel: "CHANNEL", Recipient: "RECIPIENT"}, time.Minute)
		return err
	},
	"Delivery": func(ctx context.Context, s *Table, _ *Directory, _ *Timers) error {
		_, _, err := s.Delivery(ctx, us, notify.Delivery{Kind: ledger.OfAppointment, About: "AID", Event: "EVENTNAME", Version: "VERSION", Channel: "CHANNEL", Recipient: "RECIPIENT"})
		return err
	},
	"Notices": func(ctx context.Context, s *Table, _ *Directory, _ *Timers) error {
		_, err := s.Notices(ctx, us, "USERID", noon, 5)
		return err
	},
	"ReadNotice": func(ctx context.Context, s *Table, _ *Directory, _ *Timers) error {
		return s.ReadNotice(ctx, us, notify.Notice{UserID: "USERID", CaseID: "CASEID", Event: "EVENTNAME", Version: "VERSION", At: noon})
	},
	"Deliveries": func(ctx context.Context, s *Table, _ *Directory, _ *Timers) error {
		_, err := s.Deliveries(ctx, us, ledger.OfAppointment, "AID")
		return err
	},
	"Desk": func(ctx context.Context, s *Table, _ *Directory, _ *Timers) error {
		_, err := s.Desk(ctx, us)
		return err
	},
	"OutputVersion": func(ctx context.Context, s *Table, _ *Directory, _ *Timers) error {
		_, _, err := s.OutputVersion(ctx, us, "OUT", 7)
		return err
	},
	"Capture": func(ctx context.Context, s *Table, _ *Directory, _ *Timers) error {
		_, err := s.Capture(ctx, us, "CALLID", desk.Said{}, noon)
		return err
	},
	"Captured": func(ctx context.Context, s *Table, _ *Directory, _ *Timers) error {
		_, _, err := s.Captured(ctx, us, "CALLID")
		return err
	},
	"CaptureLater": func(ctx context.Context, s *Table, _ *Directory, _ *Timers) error {
		err := s.CaptureLater(ctx, us, "CALLID", noon, true)
		return err
	},
	"CaptureOver": func(ctx context.Context, s *Table, _ *Directory, _ *Timers) error {
		return s.CaptureOver(ctx, us, desk.Capture{CallID: "CALLID"}, noon)
	},
	"CaptureForget": func(ctx context.Context, s *Table, _ *Directory, _ *Timers) error {
		return s.CaptureForget(ctx, us, desk.Capture{CallID: "CALLID"})
	},
	"LeaseNumbers": func(ctx context.Context, s *Table, _ *Directory, _ *Timers) error {
		_, err := s.LeaseNumbers(ctx, us, 2026, 4)
		return err
	},
	"Case": func(ctx context.Context, s *Table, _ *Directory, _ *Timers) error {
		_, _, err := s.Case(ctx, us, "CASEID")
		return err
	},
	"OpenCases": func(ctx context.Context, s *Table, _ *Directory, _ *Timers) error {
		_, err := s.OpenCases(ctx, us, "GROUPID")
		return err
	},
	"CaseNumbered": func(ctx context.Context, s *Table, _ *Directory, _ *Timers) error {
		_, _, err := s.CaseNumbered(ctx, us, 2026, 42)
		return err
	},
	"DeletedCaseIDs": func(ctx context.Context, s *Table, _ *Directory, _ *Timers) error {
		_, err := s.DeletedCaseIDs(ctx, us, 5)
		return err
	},
	"Strip": func(ctx context.Context, s *Table, _ *Directory, _ *Timers) error { return s.Strip(ctx, us, "CASEID") },
	"CaseIDs": func(ctx context.Context, s *Table, _ *Directory, _ *Timers) error {
		_, err := s.CaseIDs(ctx, us, 5)
		return err
	},
	"Notes": func(ctx context.Context, s *Table, _ *Directory, _ *Timers) error {
		_, err := s.Notes(ctx, us, "CASEID")
		return err
	},
	"Activity": func(ctx context.Context, s *Table, _ *Directory, _ *Timers) error {
		_, err := s.Activity(ctx, us, "CASEID")
		return err
	},
	"CaseDeliveries": func(ctx context.Context, s *Table, _ *Directory, _ *Timers) error {
		_, err := s.CaseDeliveries(ctx, us, "CASEID")
		return err
	},
	"CaseDelivery": func(ctx context.Context, s *Table, _ *Directory, _ *Timers) error {
		_, _, err := s.CaseDelivery(ctx, us, "CASEID", "DELIVERYID")
		return err
	},
	"Alerts": func(ctx context.Context, s *Table, _ *Directory, _ *Timers) error {
		_, _, err := s.Alerts(ctx, us, "OUT")
		return err
	},
	"Digest": func(ctx context.Context, s *Table, _ *Directory, _ *Timers) error {
		_, _, err := s.Digest(ctx, us)
		return err
	},
	"Failures": func(ctx context.Context, s *Table, _ *Directory, _ *Timers) error {
		_, err := s.Failures(ctx, us, 7, 10)
		return err
	},
	"OutputDeliveries": func(ctx context.Context, s *Table, _ *Directory, _ *Timers) error {
		_, err := s.OutputDeliveries(ctx, us, "OUT", noon, noon.Add(time.Hour), "", 10)
		return err
	},
	"Redelivery": func(ctx context.Context, s *Table, _ *Directory, _ *Timers) error {
		_, _, err := s.Redelivery(ctx, us, "REDELIVERYID")
		return err
	},
	"Exchanges": func(ctx context.Context, s *Table, _ *Directory, _ *Timers) error {
		_, err := s.Exchanges(ctx, us, noon, 10)
		return err
	},
	"Original": func(ctx context.Context, s *Table, _ *Directory, _ *Timers) error {
		_, _, err := s.Original(ctx, us, "msg_ID")
		return err
	},
	"CaseEvents": func(ctx context.Context, s *Table, _ *Directory, _ *Timers) error {
		_, err := s.CaseEvents(ctx, us, "CASEID")
		return err
	},
	"Metered": func(ctx context.Context, s *Table, _ *Directory, _ *Timers) error {
		_, err := s.Metered(ctx, us, noon, noon.Add(time.Hour), 10)
		return err
	},
	"Resolved": func(ctx context.Context, s *Table, _ *Directory, _ *Timers) error {
		_, err := s.Resolved(ctx, us, noon, noon.Add(time.Hour), 10)
		return err
	},
	"CallsBetween": func(ctx context.Context, s *Table, _ *Directory, _ *Timers) error {
		_, err := s.CallsBetween(ctx, us, noon, noon.Add(time.Hour), 10)
		return err
	},
	"CasesBetween": func(ctx context.Context, s *Table, _ *Directory, _ *Timers) error {
		_, err := s.CasesBetween(ctx, us, noon, noon.Add(time.Hour), 10)
		return err
	},
	"Ring": func(ctx context.Context, s *Table, _ *Directory, _ *Timers) error {
		_, _, err := s.Ring(ctx, us, "OWNER")
		return err
	},
	"UseRing": func(ctx context.Context, s *Table, _ *Directory, _ *Timers) error {
		return s.UseRing(ctx, us, "OWNER", true, noon, noon)
	},
	"EndpointState": func(ctx context.Context, s *Table, _ *Directory, _ *Timers) error {
		_, err := s.EndpointState(ctx, us, "ENDPOINTID")
		return err
	},
	"EndpointMessage": func(ctx context.Context, s *Table, _ *Directory, _ *Timers) error {
		_, _, err := s.EndpointMessage(ctx, us, "ENDPOINTID", "DELIVERYID")
		return err
	},
	"EndpointMessages": func(ctx context.Context, s *Table, _ *Directory, _ *Timers) error {
		_, err := s.EndpointMessages(ctx, us, "ENDPOINTID", "", 5)
		return err
	},
	"HeldMessages": func(ctx context.Context, s *Table, _ *Directory, _ *Timers) error {
		_, err := s.HeldMessages(ctx, us, "ENDPOINTID", "FROMID", "TOID", 5)
		return err
	},
	"EndpointTurn": func(ctx context.Context, s *Table, _ *Directory, _ *Timers) error {
		_, err := s.EndpointTurn(ctx, us, "ENDPOINTID", time.Second, noon)
		return err
	},
	"Gate": func(ctx context.Context, s *Table, _ *Directory, _ *Timers) error {
		_, _, err := s.Gate(ctx, us, "hooks.example")
		return err
	},
	"EndpointEvents": func(ctx context.Context, s *Table, _ *Directory, _ *Timers) error {
		_, err := s.EndpointEvents(ctx, us, "ENDPOINTID")
		return err
	},
	"AuditHead": func(ctx context.Context, s *Table, _ *Directory, _ *Timers) error {
		_, err := s.AuditHead(ctx, us)
		return err
	},
	"AuditTrail": func(ctx context.Context, s *Table, _ *Directory, _ *Timers) error {
		_, err := s.AuditTrail(ctx, us, 0, 10)
		return err
	},
	"ConfigEvents": func(ctx context.Context, s *Table, _ *Directory, _ *Timers) error {
		_, err := s.ConfigEvents(ctx, us)
		return err
	},
	"Timers.Due": func(ctx context.Context, _ *Table, _ *Directory, t *Timers) error {
		_, err := t.Due(ctx, noon, 5)
		return err
	},
}

// writing are the methods that are no question: they write whole records by keys of keys.go.
var writing = []string{"Commit", "SaveConfig", "SaveSlots", "Rest", "SaveDelivery", "SaveReceipt", "AddNotice", "AddCustomer", "Take", "LearnHost", "Vanish", "SaveRound", "SaveReport", "Tally", "SaveDesk", "ReviseOutput", "Meter", "CommitEndpoint", "SaveGate", "SaveRing", "SaveAlerts", "AddExchange", "KeepOriginal", "CountPlay", "SaveDigest", "AddFailure", "SaveRedelivery", "Resolve"}

var names = strings.NewReplacer(
	"COMPANY#CID", "COMPANY#<company>", "#CALL#CALLID", "#CALL#<call>", "#APPOINTMENT#AID", "#APPOINTMENT#<appointment>", "TOOL#0007", "TOOL#<seq>",
	"ROUTE#ROUTEID", "ROUTE#<route>", "NUMBER#+4930", "NUMBER#<number>", "BOOKING#UID", "BOOKING#<uid>", "BUSY#RES", "BUSY#<resource>", "SLOTS#4711", "SLOTS#<event type>",
	"CONTACT#+4915", "CONTACT#<contact>", "CALCOM#ssm:/x", "CALCOM#<key>", "CUSTOMER#CUST", "CUSTOMER#<customer>", "EMAIL#a@b.example", "EMAIL#<email>",
	"CALLBACK#CB", "CALLBACK#<callback>", "ONCE#alarm/1", "ONCE#<name>", "MESSAGE#EVENTNAME#VERSION#CHANNEL#RECIPIENT", "MESSAGE#<event>#<version>#<channel>#<recipient>", "DAY#2026-11-24", "DAY#<date>",
	"CALLBACKS#BID", "CALLBACKS#<branch>", "BRANCH#BID", "BRANCH#<branch>", "NAME#erika muster", "NAME#<folded name>", "2026-11-24T12:00:00Z#", "<from>", "2026-11-24T13:00:00Z#", "<to>", "REPORT#KIND", "REPORT#<kind>", "OUTPUT#OUT", "OUTPUT#<output>", "OPENCASES#GROUPID", "OPENCASES#<group>", "CASE#CASEID", "CASE#<case>", "DELIVERY#DELIVERYID", "DELIVERY#<delivery>", "HOUR#2026-11-24T12", "<hour>",
	"RING#OWNER", "RING#<owner>", "ENDPOINT#ENDPOINTID", "ENDPOINT#<endpoint>", "HELD#FROMID", "HELD#<from>", "HELD#TOID", "HELD#<to>", "GATE#hooks.example", "GATE#<host>",
	"USER#USERID", "USER#<user>", "NOTICE#2026-08-26T12:00:00Z# … NOTICE#2026-11-24T12:00:00Z#", "NOTICE#<from> … NOTICE#<to>", "NOTICE#2026-11-24T12:00:00Z#CASEID#EVENTNAME#VERSION", "NOTICE#<at>#<case>#<event>#<version>",
	"EXCHANGE#2026-11-24", "EXCHANGE#<date>", "MESSAGE#msg_ID", "MESSAGE#<message>", "DIGEST#7", "DIGEST#<digest>", "REDELIVERY#REDELIVERYID", "REDELIVERY#<redelivery>",
)

var shard = regexp.MustCompile(`DUE#\d`)

func TestEveryPatternIsWhatIsReallyAsked(t *testing.T) {
	t.Parallel()
	for _, p := range patterns {
		t.Run(p.ID+" "+p.Method, func(t *testing.T) {
			t.Parallel()
			ask := asking[p.Method]
			if ask == nil {
				t.Fatal("nobody makes this method ask")
			}
			r := &recorder{}
			env := lambdakit.Env{Region: "eu-central-1", Credentials: anybody{}.For(us), HTTP: &http.Client{Transport: r}, Base: "http://table.invalid"}
			now := func() time.Time { return noon }
			// Nothing is found: what matters is the request.
			_ = ask(t.Context(), Open(env, anybody{}, "table", now), OpenDirectory(env, "table"), OpenTimers(env, "table"))
			first, _, _ := strings.Cut(p.PK, " (or ") // the same question of other aggregates
			want := strings.Join([]string{p.Operation, p.Index, first, p.SK}, " / ")
			if len(r.got) == 0 {
				t.Fatal("nothing was asked")
			}
			for _, got := range r.got {
				if got = shard.ReplaceAllString(names.Replace(got), "DUE#<shard>"); got != want {
					t.Errorf("asked %s\nlisted %s", got, want)
				}
			}
		})
	}
}

func TestNoQuestionIsMissing(t *testing.T) {
	t.Parallel()
	listed := map[string]bool{}
	for _, p := range patterns {
		listed[p.Method] = true
	}
	for prefix, kind := range map[string]reflect.Type{"": reflect.TypeFor[*Table](), "Directory.": reflect.TypeFor[*Directory](), "Timers.": reflect.TypeFor[*Timers]()} {
		for i := range kind.NumMethod() {
			if name := prefix + kind.Method(i).Name; !listed[name] && !slices.Contains(writing, name) {
				t.Errorf("%s is on no list", name)
			}
		}
	}
}

func TestPatternsAreRendered(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("# What is asked of the table\n\nRendered from `patterns.go` by its test (`make golden`). Keys have their home in `keys.go`.\n\n")
	b.WriteString("| # | question | operation | partition key | sort key | fresh | from memory | grows to | method | asked by |\n|---|---|---|---|---|---|---|---|---|---|\n")
	code := func(s string) string {
		if s == "" {
			return ""
		}
		return "`" + strings.ReplaceAll(s, " | ", "` `") + "`"
	}
	for _, p := range patterns {
		operation := p.Operation
		if p.Index != "" {
			operation += " " + p.Index
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %s | %s | `%s` | %s |\n", p.ID, p.Question, operation, code(p.PK), code(p.SK), p.Fresh, p.Remembered, p.Grows, p.Method, p.AskedBy)
	}
	const file = "PATTERNS.md"
	if os.Getenv("ASKPRO_GOLDEN") == "write" {
		if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	if string(got) != b.String() {
		t.Errorf("%s is not what patterns.go says: run make golden and read the diff", file)
	}
}

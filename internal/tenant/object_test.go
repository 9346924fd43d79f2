package tenant_test

import (
	"testing"

	"github.com/askpro/gateway/internal/tenant"
)

func TestWhoseAnObjectIs(t *testing.T) {
	t.Parallel()
	for key, want := range map[string]string{
		"attachments/A/case/note/1":                     "A",
		"companies/A/transcripts/1":                     "A",
		"incoming/retell/A/1":                           "", // anybody's
		"attachments/A":                                 "", // no session may write there
		"attachments//case":                             "",
		"malware-protection-resource-validation-object": "",
		"": "",
	} {
		if got, ok := tenant.OfObject(key); got.String() != want || ok != (want != "") {
			t.Errorf("%s: %q, %t", key, got, ok)
		}
	}
}

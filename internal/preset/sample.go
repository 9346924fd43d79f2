package preset

import (
	"time"

	"github.com/askpro/gateway/internal/template"
)

// TestEvent is the event of a test message.
const TestEvent = "webhook.test"

// Sample is the case of a test message and of a preview without a case: it names everything that a real one may have.
func Sample(now time.Time) template.Values {
	return template.Values{
		"case.number": "TKT-2026-00042", "case.subject": "[TEST] Drucker druckt nicht",
		"case.description": "Seit heute Morgen druckt der Drucker im zweiten Stock nicht mehr.\nDie Anzeige meldet \"Papierstau\".",
		"case.type":        "incident", "case.status": "new", "case.priority": "high", "case.urgency": "normal", "case.impact": "high", "case.category": "Arbeitsplatz",
		"case.created_at": now.Add(-2 * time.Minute), "case.source": "voice", "case.tags": []string{"drucker"},
		"customer.name": "Erika Muster", "customer.company": "Muster GmbH", "customer.phone": "+4930123456", "customer.email": "e.muster@example.de",
		"customer.location": "2. OG",
		"call.duration":     184, "call.caller_number": "+4930123456", "call.service_number": "+493012345670", "call.called_company": "Beispiel IT", "call.branch": "Berlin-Mitte",
		"context.problem_since": "seit heute Morgen", "context.others_affected": true, "context.use_case_category": "drucker", "context.use_case_detail": "Papierstau",
		"sla.response_due": now.Add(time.Hour), "sla.resolution_due": now.Add(8 * time.Hour), "sla.is_overdue": false, "sla.is_at_risk": false,
		"enrichment.state": "enriched", "enrichment.enriched_at": now.Add(-time.Minute), "enrichment.segment_count": 2, "enrichment.character_count": 71,
		"enrichment.customer_match": "phone",
		"ai.summary":                "Der Drucker im zweiten Stock hat Papierstau.", "ai.confidence": 0.92,
		"audio.url": "https://example.com/aufnahme.mp3", "audio.has_audio": true, "audio.duration": 184, "audio.expires_at": now.Add(time.Hour),
		"transcript.text": "Anrufer: Der Drucker druckt nicht.\nAssistent: Ich nehme das auf.", "transcript.truncated": false, "transcript.length": 71,
		"transcript.segments": []template.Segment{{Role: "user", Text: "Der Drucker druckt nicht."}, {Role: "agent", Text: "Ich nehme das auf."}},
		"admin_url":           "https://example.com/vorgaenge/TKT-2026-00042", "timestamp": now,
		"event.name": TestEvent, "event.sequence": 1, "event.partial": []string{}, "event.is_test": true,
	}
}

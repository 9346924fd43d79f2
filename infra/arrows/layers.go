package main

// layers lists every package of the module, from the top to the bottom: a layer
// may use the ones below it. A package that is not here fails `make arrows`:
// enter it where it belongs. A folder below a listed one belongs to it.
var layers = []layer{
	{
		name:     "infra",
		sentence: "what runs, simulates, checks and deploys the system; nothing of the product uses it",
		packages: []string{"infra"},
	},
	{
		name:     "functions",
		sentence: "a card with wiring each; the only place where edges meet",
		packages: []string{"functions"},
		apart:    true,
	},
	{
		name:     "edges",
		sentence: "speak one outside language each (HTTP of a partner, table, mail); no edge uses another",
		packages: []string{
			"internal/api",
			"internal/blob",
			"internal/calcom",
			"internal/hook",
			"internal/mail",
			"internal/retell",
			"internal/sms",
			"internal/store",
			"internal/web",
		},
		apart: true,
	},
	{
		name:     "plumbing",
		sentence: "what every function needs to live in Lambda; knows no company",
		packages: []string{"internal/lambdakit"},
	},
	{
		name:     "product",
		sentence: "what AskPro does, in pure Go: asks for what it needs through its own small interfaces",
		packages: []string{
			"internal/booking",
			"internal/call",
			"internal/callback",
			"internal/company",
			"internal/customer",
			"internal/desk",
			"internal/keeper",
			"internal/ledger",
			"internal/notify",
			"internal/policy",
			"internal/scheduling",
			"internal/voice",
		},
		pure: true,
	},
	{
		name:     "words",
		sentence: "words all of it shares: errors, events, ids, numbers, money, time, German",
		packages: []string{
			"internal/clock",
			"internal/event",
			"internal/german",
			"internal/holiday",
			"internal/ident",
			"internal/phone",
			"internal/tenant",
		},
		pure: true,
	},
}

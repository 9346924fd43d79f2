// Package lambdakit is what every function needs to live in Lambda: start-up, configuration, HTTP API v2 as net/http, SQS
// batches, the table's stream, company sessions, secrets, logs, metrics, alarms. Its one rule: whatever costs start-up
// time is paid by the functions that use it (no aws/config, no client for STS or SSM). It knows no business.
package lambdakit

// Version is the build's; the linker sets it.
var Version = "unknown"

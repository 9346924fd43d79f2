// Package scenarios holds the acceptance scenarios of the specification (§19), each as a test on the running stack: real
// functions, a real HTTP Cal.com, real queues. Test names carry the scenario's number. It has no code of its own.
package scenarios

# AskPro's commands: `make` lists them, `make test` is exactly what CI runs.
# Needed: Go, Python 3 with venv, git and make; Node only for what says so. No Docker, no account.
SHELL         := bash
.SHELLFLAGS   := -euo pipefail -c
.DEFAULT_GOAL := help

# Architecture of `make sam`, as in template.yaml; x86_64 is what `sam local` wants on a PC.
ARCH    ?= arm64
PYTHON  ?= python3
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
export VERSION := $(VERSION)
export SAM_CLI_TELEMETRY    := 0
export npm_config_loglevel  := error

# The flags of every function. infra/build spells them for the local stack and the CDK app; SAM's Go builder takes them from the environment.
FUNCTION_FLAGS = CGO_ENABLED=0 GOFLAGS='-trimpath -buildvcs=false -tags=lambda.norpc "-ldflags=-s -w -X github.com/askpro/gateway/internal/lambdakit.Version=$(VERSION)"'

# Tests, tools and functions are compiled alike, so that a machine with nothing compiled yet does it once: most of it is the AWS SDK.
export CGO_ENABLED := 0
export GOFLAGS     := $(strip $(filter-out -trimpath,$(shell go env GOFLAGS 2>/dev/null)) -trimpath)

# What the tools need, installed once and again when its list changes.
STACK := .venv/installed
SAM   := .venv-sam/installed
NPM   := infra/node_modules/.package-lock.json
NODE  := $(shell command -v npm 2>/dev/null)

STATICCHECK = $$(go -C infra/tools tool -n staticcheck)
GO_FILES    = git ls-files -co --exclude-standard '*.go'
STEP        = @printf '\n── %s\n'

.PHONY: help setup modules run call company show usage replay-intents audit report redeliver redrive test test-unit faults intents golden arrows lint fuzz bench agent sam cdk-synth cdk-rehearse clean
help:
	@awk -F ':.*## ' '/^##@ / {printf "\n%s\n", substr($$0, 5)} /^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' Makefile

##@ Try it
setup: $(STACK) $(SAM) $(if $(NODE),$(NPM)) modules ## install what the commands need (they would do it themselves when first used)
	@echo "Ready. Next: make run"

modules:
	@go mod download

run: $(STACK) ## build every function and start the whole system on this machine; Ctrl-C stops it
	@go run ./infra/local

call: ## play a German phone call against the running stack (DIALOGUE=name, or DIALOGUES=file or folder)
	@go run ./infra/simulate/call $(if $(DIALOGUES),-dialogues '$(DIALOGUES)',$(if $(DIALOGUE),-dialogue '$(DIALOGUE)'))

company: ## check and load a company (FILE=testdata/companies/demo.yaml; INBOX=https://… is what {inbox} in it stands for)
	@go run ./infra/company $(if $(INBOX),-inbox '$(INBOX)') $(if $(FILE),'$(FILE)')

show: ## print a call with its tool calls, appointment and events (CALL=id), or a case (CASE=TKT-2026-00042)
	@go run ./infra/show $(if $(CASE),-case '$(CASE)') $(if $(CALL),'$(CALL)')

usage: ## print what a company used in a month as CSV (COMPANY=demo MONTH=2026-11; RECOUNT=1 counts it again before; MODES=1: what its calls were taken for, by day)
	@go run ./infra/usage $(if $(COMPANY),-company '$(COMPANY)') $(if $(MONTH),-month '$(MONTH)') $(if $(RECOUNT),-recount) $(if $(MODES),-modes)

replay-intents: ## say which calls of the last 90 days other word lists would take for something else (COMPANY=demo FILE=changed.yaml)
	@go run ./infra/hindsight $(if $(COMPANY),-company '$(COMPANY)') $(if $(FILE),'$(FILE)')

audit: ## print a company's audit trail, newest first (COMPANY=demo; SINCE=2026-11-01 or 48h, BEFORE=line, VERIFY=1 follows its chain)
	@go run ./infra/audit $(if $(COMPANY),-company '$(COMPANY)') $(if $(SINCE),-since '$(SINCE)') $(if $(BEFORE),-before '$(BEFORE)') $(if $(VERIFY),-verify)

report: ## print what the last comparison with the calendar found (ROUTES=demo,kanzlei)
	@go run ./infra/report $(if $(ROUTES),-route '$(ROUTES)')

redeliver: ## what an output could not send, again (COMPANY=demo OUTPUT=tickets FROM=2026-11-24 TO=…; CASE=TKT-2026-00042; ALL=1 NEW=1; APPLY=1 does it)
	@go run ./infra/redeliver $(if $(COMPANY),-company '$(COMPANY)') $(if $(OUTPUT),-output '$(OUTPUT)') $(if $(FROM),-from '$(FROM)') $(if $(TO),-to '$(TO)') $(if $(CASE),-case '$(CASE)') $(if $(ALL),-all) $(if $(NEW),-new) $(if $(APPLY),-apply)

redrive: ## put a dead-letter queue's messages back (Q=default, notifications, sync or gateway)
	@go run ./infra/redrive $(if $(Q),'$(Q)')

##@ Change it
test: lint arrows intents $(STACK) $(SAM) $(if $(NODE),$(NPM)) ## everything CI runs: lint, arrows, unit and stack tests, fuzzing, SAM and, with Node, CDK
	$(STEP) 'fuzzing what outsiders write and name first; of the other packages the seeds run with the tests'
	@$(MAKE) --no-print-directory fuzz FUZZ='/(intent|outside|sla|target|template|webhook)/'
	$(STEP) 'tests: units, the running stack, SAM$(if $(NODE), and with Node CDK and the SDK oracle)'
	@ASKPRO_STACK_TESTS=1 $(if $(NODE),ASKPRO_REQUIRE_NODE=1) go test -json -vet=off -timeout 12m ./... | go run ./infra/verdict

test-unit: ## the quick tests, without the stack; of the orders of arrival every 25th
	@ASKPRO_HISTORIES_EVERY=25 go test ./...

faults: $(STACK) ## break each AWS call and each call to Cal.com in every way (make test takes a fifth)
	@ASKPRO_STACK_TESTS=1 ASKPRO_EVERY_FAULT=1 go test -count=1 -vet=off -timeout 60m -v -run FaultWalk ./infra/scenarios | grep -E '^ *(---|faultwalk|desk_walk|FAIL|ok)'

intents: ## what the intent detector makes of the corpus, also on topics it has not heard of (INTENT_CORPUS=file for one more)
	$(STEP) 'intents'
	@go test -count=1 -vet=off -v -run '^(TestIntentCorpus|TestUnheardTopics)$$' ./internal/intent/... | grep -vE '^(===|--- |PASS| +---)'

# Ten seconds a file of tests, shared by its targets, unless FUZZTIME says how long each takes. They are spent on searching: Go
# would take up to a minute to shorten each input that only reaches something new. Where its time is up while it does, it says
# so ("context deadline exceeded") and has found nothing.
fuzz: ## search for inputs that break a rule (FUZZTIME=5m for each target; FUZZ='/(sla|template)/' for some packages)
	@mkdir -p .build; $(GO_FILES) | grep -E '$(or $(FUZZ),.)' | xargs -r grep -cE '^func Fuzz' /dev/null | { grep -v ':0$$' || true; } | while IFS=: read -r file targets; do \
	  grep -oE '^func Fuzz[A-Za-z0-9_]*' "$$file" | while read -r _ target; do \
	    echo "$$target in $$(dirname $$file)"; \
	    go test -vet=off -run '^$$' -fuzz "^$$target\$$" -fuzztime "$(or $(FUZZTIME),$$((10 / targets))s)" -fuzzminimizetime 10x "./$$(dirname $$file)" >.build/fuzz.log 2>&1 || \
	      { grep -q 'context deadline exceeded' .build/fuzz.log && ! grep -q 'Failing input' .build/fuzz.log; } || { cat .build/fuzz.log; exit 1; }; \
	  done; \
	done

golden: ## rewrite the golden files; the diff is the review
	@ASKPRO_GOLDEN=write go test ./...

arrows: ## print which package uses which, and fail on a wrong direction
	$(STEP) 'arrows'
	@go run ./infra/arrows

lint: ## gofmt, go vet, staticcheck
	$(STEP) 'gofmt, go vet, staticcheck'
	@unformatted=$$($(GO_FILES) | xargs -r gofmt -l); [ -z "$$unformatted" ] || { echo "Not formatted (gofmt -w): $$unformatted"; exit 1; }
	@go vet ./...
	@$(STATICCHECK) ./...

agent: ## write the Retell agent's prompt and tool schemas from the tool definitions
	@go run ./infra/agent

bench: $(STACK) ## measure start-up, warm answers and AWS calls (a few minutes)
	@go run ./infra/bench

##@ Ship it
sam: $(SAM) ## sam validate --lint and sam build (ARCH=x86_64 for `sam local` on a PC)
	@.venv-sam/bin/sam validate --lint
	@$(FUNCTION_FLAGS) .venv-sam/bin/sam build --parameter-overrides Architecture=$(ARCH)

cdk-synth: $(NPM) ## synthesise the CDK app's stages into .build/cdk (Node; no credentials)
	@cd infra && npx cdk synth --quiet

cdk-rehearse: $(STACK) $(SAM) $(NPM) ## deploy stage dev to a fresh emulator with the real cdk (Node; no account)
	@ASKPRO_STACK_TESTS=1 ASKPRO_REQUIRE_NODE=1 go test -count=1 -v -run TestRehearsal ./infra

clean: ## remove what was built and installed
	@rm -rf .build .aws-sam .venv .venv-sam infra/node_modules

.venv/installed: infra/local/requirements.txt
.venv-sam/installed: infra/sam-requirements.txt
$(STACK) $(SAM):
	@echo "Installing $< into $(@D) …"
	@$(PYTHON) -m venv $(@D)
	@$(@D)/bin/pip install --quiet --disable-pip-version-check -r $<
	@touch $@

$(NPM): infra/package-lock.json
	@echo "Installing the CDK command line and Retell's SDK (infra/node_modules) …"
	@cd infra && npm ci --no-audit --no-fund --silent
	@touch $(NPM)

# Two commands: `make demo` shows it, `make test` proves it. The rest is for those who work on it.
# A machine needs Node, npm and make, nothing else.
.PHONY: demo test compare matrix linuxes fidelity lab-docker bench install build

# Handed on to vitest: make test VITEST='--reporter=verbose sim/conntrack'
VITEST ?=
PAGE = reports/page/built/main.js
PROGRAMS = lab/docker/programs/built/client.mjs

demo: $(PAGE)
	@node --import tsx cli/main.ts verdict test/rulesets/equal-nth-three.rules scenarios/suites/recipe/recipe.rules --report verdict.html || true
	@node --import tsx cli/main.ts run builtin --report report.html
	@echo
	@echo 'Open verdict.html in a browser: the most common wrong ruleset, and the recipe beside it.'
	@echo 'Open report.html: it shows the verdict, the split, the failover, and every rule on the way.'
	@echo 'A closer look: npm run marktwin -- run reload-between-connections --verbose'
	@echo 'Your own rules and scenarios: docs/tutorial.md'

test: node_modules $(PROGRAMS)
	npx biome check .
	npm run --silent typecheck
	npm run --silent knip
	npx vitest run $(VITEST)

# Needs QEMU: `node --import tsx cli/main.ts lab doctor` tells what is missing.
compare: $(PAGE)
	@node --import tsx cli/main.ts lab build
	@node --import tsx cli/main.ts compare builtin --report comparison.html --json comparison.json

# All releases and both backends, as docs/kernels.md has it; goes on where it was interrupted.
# make matrix SEED=7 RUNS=300 LINUXES="trixie/nft sid"
matrix: $(PAGE)
	@npx tsx test/kernels/matrix.ts $(if $(SEED),--seed $(SEED)) $(if $(RUNS),--runs $(RUNS)) $(LINUXES); \
		code=$$?; npm run --silent docs; exit $$code

# Of other Linuxes the scenarios that show in what they differ; with RUNS=20, a short fuzz as well.
linuxes: $(PAGE)
	@npx tsx test/kernels/matrix.ts --short --seed $(or $(SEED),20261129) --runs $(or $(RUNS),0) $(or $(LINUXES),bookworm/nft trixie trixie/nft)

# The scoreboard, of three fuzzes in a row: make fidelity SEED=7 RUNS=1000
fidelity: SEED ?= $(shell date +%s)
fidelity: RUNS ?= 1000
fidelity: $(PAGE)
	@node --import tsx cli/main.ts lab build
	@mkdir -p build
	@for part in 1 2 3; do \
		node --import tsx cli/main.ts fuzz --seed $$(($(SEED) + part)) --runs $(RUNS) --json build/fidelity-$$part.json \
			|| [ $$? -eq 1 ] || exit; \
	done
	@node --import tsx cli/main.ts merge build/fidelity-1.json build/fidelity-2.json build/fidelity-3.json \
		--scoreboard docs/fidelity.md --report fidelity.html

# Needs Docker's engine: real clients and mail servers, in live time, held against the model.
lab-docker: $(PAGE) $(PROGRAMS)
	@node --import tsx cli/main.ts lab build
	@node --import tsx cli/main.ts compare live --with docker --report live.html --json live.json

# Compiled, as users run it: what runs sources for developers adds work of its own.
# make bench ONLY=plays; with the figures kept: make bench RECORD=0.2.0; docs/cost.svg: make bench ONLY=charts; in turns with another state of the sources: make bench AGAINST=main
bench: node_modules
	@npx tsc -p tsconfig.bench.json
ifdef AGAINST
	@node build/bench/bench/against.js $(AGAINST) $(ONLY)
else
	@node --expose-gc build/bench/bench/main.js $(ONLY) $(if $(RECORD),--record=$(RECORD))
endif

build: node_modules
	npm run build

# The page of reports and the programs of the Docker lab, which sources find where they are bundled.
BUNDLED = reports/contract/report.ts reports/wording.ts $(shell find reports/page sim lab scenarios/language -name '*.ts*' ! -name '*.test.ts' ! -path '*/built/*')
$(PAGE) $(PROGRAMS): node_modules bundle.mjs $(BUNDLED)
	@npm run --silent bundle
	@touch $(PAGE) $(PROGRAMS)

install: node_modules

node_modules: package.json package-lock.json
	@node -e 'const [a, b] = process.versions.node.split("."); if (a < 20 || (a == 20 && b < 19)) { console.error("marktwin needs Node 20.19 or newer; this is " + process.version + "."); process.exit(1) }'
	npm ci --no-audit --no-fund
	@touch node_modules

# Two commands: `make demo` shows it, `make test` proves it. The rest is for those who work on it.
.PHONY: demo test bench install

node_modules: package.json package-lock.json
	npm ci
	@touch node_modules

install: node_modules

demo: node_modules
	@npx tsx cli/main.ts run

test: node_modules
	npx biome check .
	npx tsc --noEmit
	npx vitest run

bench: node_modules
	@npx tsx bench/main.ts

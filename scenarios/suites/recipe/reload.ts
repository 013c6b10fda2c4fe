import {
	at,
	conditionIs,
	connect,
	evenSplit,
	iptables,
	observe,
	outcomes,
	pattern,
	recipeHealthCheck,
	recipeSetup,
	repeat,
	restore,
	scenario,
} from "../../language/build/build.ts";

const suite = "reload";

/** A connection every 100 ms, and a change of the ruleset in between. */
const changedBetween = (change: Parameters<typeof repeat>[2]) =>
	repeat(8, 100, (index) => [
		connect(1, { label: `connection ${index + 1}` }),
		at(50, ...change(index)),
	]);

/** Changing the ruleset while it balances. */
export const reload = [
	scenario({
		name: "reload-between-connections",
		suite,
		title:
			"The ruleset is loaded again between connections: all go to backend 1",
		story:
			"`iptables-restore` replaces the whole table, and every nth counter in it starts anew. Done more often than connections come, each of them is a first one. A tool that loads its rules every few seconds (for a block list, for containers) unbalances a quiet service for good.",
		trap: "Every change to the mangle table starts the counters anew: with a reload between every two connections, backend 2 gets none.",
		setup: recipeSetup(),
		steps: changedBetween(() => [restore("recipe.rules")]),
		expect: [pattern(["b1"], 8), outcomes("completed", 8)],
	}),
	scenario({
		name: "reload-under-load",
		suite,
		title: "A few reloads under load hardly show",
		story:
			"Each reload can repeat one turn of backend 1, no more. Ten of them among 200 connections are ten connections too many at the very most.",
		setup: recipeSetup(),
		steps: [
			connect(200, { everyMs: 10 }),
			...repeat(10, 195, () => [restore("recipe.rules")]),
		],
		expect: [
			{
				kind: "split",
				because: "each reload can give backend 1 one turn more",
				of: {},
				weights: { b1: 1, b2: 1 },
				within: { kind: "tolerance", tolerance: 0.05 },
			},
			outcomes("completed", 200),
		],
	}),
	scenario({
		name: "reload-nat-only",
		suite,
		title: "A change to the nat table leaves the counters alone",
		story:
			"Counters belong to the rules of the table that was changed. A rule added to nat between connections changes nothing in mangle.",
		setup: recipeSetup(),
		steps: changedBetween((index) => [
			iptables(`-t nat -A POSTROUTING -s 172.16.${index}.0/24 -j MASQUERADE`),
		]),
		expect: [pattern(["b1", "b2"], 8)],
	}),
	scenario({
		name: "reload-keeps-conditions",
		suite,
		title: "Loading over the old rules keeps the conditions",
		story:
			"`iptables-restore` builds the new table before it lets the old one go, so the condition is always named by some rule and keeps its value: a dead backend stays dead.",
		setup: recipeSetup({
			conditions: { mail1up: "1" },
			behaviour: { b1: { kind: "refuse" } },
		}),
		steps: [
			connect(4, { everyMs: 50 }),
			at(1000, restore("recipe.rules"), observe("loaded")),
			at(1100, connect(4, { everyMs: 50, label: "after" })),
		],
		expect: [
			conditionIs("mail1up", 1, { at: "loaded" }),
			pattern(["b2"], 8),
			outcomes("completed", 8),
		],
	}),
	scenario({
		name: "reload-after-flush",
		suite,
		title: "Flush first and load after: a dead backend is taken for alive",
		story:
			"`iptables -F` takes the last rule that names mail1up away, and with it the condition. The load after it makes a new one, with 0 in it: alive. Until the checker writes again (if it writes more than changes), every second connection goes to the dead backend. Many start scripts do just this.",
		trap: "Flush and load forgets the conditions: what was marked dead is alive again.",
		setup: recipeSetup({
			conditions: { mail1up: "1" },
			behaviour: { b1: { kind: "refuse" } },
		}),
		steps: [
			connect(4, { everyMs: 50, label: "before" }),
			at(1000, iptables("-t mangle -F"), observe("flushed")),
			at(1010, restore("recipe.rules"), observe("loaded")),
			at(1100, connect(4, { everyMs: 50, label: "after" })),
		],
		expect: [
			outcomes("completed", 4, { step: "before" }),
			conditionIs("mail1up", null, { at: "flushed" }),
			conditionIs("mail1up", 0, { at: "loaded" }),
			evenSplit(["b1", "b2"], { step: "after" }),
			outcomes("refused", 2, { step: "after" }),
		],
	}),
	scenario({
		name: "reload-after-flush-unnoticed",
		suite,
		title: "A checker that writes only changes never notices",
		story:
			"The checker found backend 1 dead long ago and has written it once. It goes on finding it dead, which is no news, so it writes nothing. Ten seconds after the flush and load every second connection is still refused.",
		trap: "A checker that writes a condition only when its opinion changes does not mend what a flush has lost.",
		setup: recipeSetup({
			healthCheck: recipeHealthCheck(),
			behaviour: { b1: { kind: "refuse" } },
		}),
		steps: [
			at(4000, connect(4, { everyMs: 50, label: "before" })),
			at(5000, iptables("-t mangle -F"), restore("recipe.rules")),
			at(15_000, connect(4, { everyMs: 50, label: "after" })),
		],
		expect: [
			outcomes("completed", 4, { step: "before" }),
			outcomes("refused", 2, { step: "after" }),
		],
	}),
	scenario({
		name: "reload-after-flush-rewritten",
		suite,
		title: "A checker that writes again every second mends it",
		story:
			"The same flush and load, but this checker writes what it believes every second, whether that is news or not.",
		setup: recipeSetup({
			healthCheck: recipeHealthCheck({ rewriteMs: 1000 }),
			behaviour: { b1: { kind: "refuse" } },
		}),
		steps: [
			at(4000, connect(4, { everyMs: 50, label: "before" })),
			at(5000, iptables("-t mangle -F"), restore("recipe.rules")),
			at(6100, connect(4, { everyMs: 50, label: "after" })),
		],
		expect: [
			outcomes("completed", 4, { step: "before" }),
			pattern(["b2"], 4, { step: "after" }),
			outcomes("completed", 4, { step: "after" }),
		],
	}),
];

/** What plays may take of this machine: how much memory, how many steps, how much virtual time. */
import { getHeapStatistics, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Budget } from "../../sim/world/budget.ts";
import type { PlayableScenario } from "../language/scenario.ts";

/** What a play may take before it ends as unknown. @public */
export interface Limits {
	/** Megabytes of heap and buffers; left out: nearly all of the heap that Node has. */
	readonly memoryMb?: number;
	/** Packets, waits, operations and timers of one play. */
	readonly steps?: number;
	/** Seconds of virtual time of one play. */
	readonly virtualS?: number;
}

const DEFAULT_STEPS = 100_000_000;
const MB = 2 ** 20;
/** Of Node's heap: near its end it does nothing but collect garbage, and then ends. */
const USABLE = 0.85;
/** Less room than that after a collection is none. */
const NEARLY = 0.95;
/** Octets that stay of a connection when it is over, measured; one that stands takes more. */
const CONNECTION = 450;
/** … and of its packets, where they are kept. */
const KEPT_PACKETS = 4_000;

/** Each of what it opens is kept: a connection, or a flow. */
function isOfMany(
	step: PlayableScenario["steps"][number],
): step is Extract<typeof step, { readonly kind: "connect" | "send" }> {
	return (
		step.kind === "connect" || (step.kind === "send" && step.sockets === "each")
	);
}

/** The budget of one play. */
export function createBudget(
	{ steps }: PlayableScenario,
	limits: Limits = {},
	{ keepsPackets = false } = {},
): Budget {
	const { memoryMb } = limits;
	const heap = getHeapStatistics().heap_size_limit * USABLE;
	const most = memoryMb === undefined ? heap : Math.min(heap, memoryMb * MB);
	const remedy =
		most < heap
			? "--max-memory allows more"
			: `NODE_OPTIONS=--max-old-space-size=${Math.ceil((2 * heap) / USABLE / MB)} gives Node more`;
	const connections = steps.reduce(
		(sum, step) => (isOfMany(step) ? sum + step.count : sum),
		0,
	);
	const each = CONNECTION + (keepsPackets ? KEPT_PACKETS : 0);
	let isBegun = false;
	return {
		steps: limits.steps ?? DEFAULT_STEPS,
		virtualMs: (limits.virtualS ?? Number.POSITIVE_INFINITY) * 1000,
		memory() {
			const toCome = isBegun ? 0 : connections * each;
			isBegun = true;
			if (usedMemory() + toCome <= most) return null;
			// Much of what is used may be garbage.
			collectGarbage();
			const used = usedMemory();
			if (used + toCome <= most * NEARLY) return null;
			return used <= most * NEARLY
				? `${connections.toLocaleString("en")} connections take ${megabytes(toCome)} at least, and ${megabytes(Math.max(0, most - used))} are left; ${remedy}`
				: `${megabytes(used)} of memory are used, and ${megabytes(most)} may be; ${remedy}`;
		},
	};
}

function megabytes(octets: number): string {
	return `${Math.round(octets / MB).toLocaleString("en")} MB`;
}

function usedMemory(): number {
	const { used_heap_size, external_memory } = getHeapStatistics();
	return used_heap_size + external_memory;
}

/** What `--expose-gc` exposes, from here on. */
let collect: (() => void) | null = null;

function collectGarbage(): void {
	if (collect === null) {
		setFlagsFromString("--expose-gc");
		collect = runInNewContext("gc") as () => void;
	}
	collect();
}

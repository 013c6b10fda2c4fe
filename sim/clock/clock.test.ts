import fc from "fast-check";
import { expect, test } from "vitest";
import { Alarm, createClock, type Timer } from "./clock.ts";

test("timers fire in the order of their times, and never by themselves", () => {
	const clock = createClock();
	const fired: string[] = [];
	clock.at(30, () => fired.push(`c at ${clock.nowMs}`));
	clock.at(10, () => fired.push(`a at ${clock.nowMs}`));
	clock.after(20, () => fired.push(`b at ${clock.nowMs}`));
	expect(fired).toEqual([]);
	expect(clock.nextMs).toBe(10);
	clock.advanceTo(20);
	expect(fired).toEqual(["a at 10", "b at 20"]);
	expect(clock.nowMs).toBe(20);
	clock.advanceTo(1000);
	expect(fired).toEqual(["a at 10", "b at 20", "c at 30"]);
	expect(clock.nowMs).toBe(1000);
	expect(clock.nextMs).toBe(Number.POSITIVE_INFINITY);
});

test("what is set while the clock advances fires in the same advance if it is due", () => {
	const clock = createClock();
	const fired: number[] = [];
	const again = () => {
		fired.push(clock.nowMs);
		clock.after(10, again);
	};
	clock.after(10, again);
	clock.advanceTo(35);
	expect(fired).toEqual([10, 20, 30]);
});

test("timers in the background do not count as something left to happen", () => {
	const clock = createClock();
	clock.at(10, () => {}, true);
	const timer = clock.at(20, () => {});
	expect(clock.foreground).toBe(1);
	clock.cancel(timer);
	clock.cancel(timer);
	expect(clock.foreground).toBe(0);
	clock.advanceTo(10);
	expect(clock.foreground).toBe(0);
});

test("any timers, some cancelled: the rest fires by time, equal times in the order of setting", () => {
	const timers = fc.array(
		fc.record({
			atMs: fc.integer({ min: 0, max: 20 }),
			keep: fc.boolean(),
			background: fc.boolean(),
		}),
		{ maxLength: 200 },
	);
	fc.assert(
		fc.property(timers, (wanted) => {
			const clock = createClock();
			const fired: number[] = [];
			const set: Timer[] = wanted.map(({ atMs, background }, index) =>
				clock.at(atMs, () => fired.push(index), background),
			);
			wanted.forEach(({ keep }, index) => {
				if (!keep) clock.cancel(set[index] ?? null);
			});
			clock.advanceTo(20);
			const expected = wanted
				.map((timer, index) => ({ ...timer, index }))
				.filter((timer) => timer.keep)
				.sort((a, b) => a.atMs - b.atMs || a.index - b.index)
				.map((timer) => timer.index);
			expect(fired).toEqual(expected);
			expect(clock.foreground).toBe(0);
		}),
	);
});

type Doing =
	| {
			readonly kind: "set";
			readonly alarm: number;
			readonly delayMs: number;
			readonly background: boolean;
	  }
	| { readonly kind: "stop" | "cancel"; readonly alarm: number }
	| { readonly kind: "put"; readonly row: number; readonly delayMs: number }
	| { readonly kind: "pass"; readonly ms: number };

const ALARMS = 4;
const delayMs = fc.nat(6);
const alarm = fc.nat(ALARMS - 1);

test("alarms that are set anew, stopped and cancelled, and what is put in rows: each is due at the time that was set last", () => {
	const doings = fc.array<Doing>(
		fc.oneof(
			fc.record({
				kind: fc.constant("set" as const),
				alarm,
				delayMs,
				background: fc.boolean(),
			}),
			fc.record({
				kind: fc.constantFrom("stop" as const, "cancel" as const),
				alarm,
			}),
			fc.record({ kind: fc.constant("put" as const), row: fc.nat(1), delayMs }),
			fc.record({ kind: fc.constant("pass" as const), ms: fc.nat(4) }),
		),
		{ maxLength: 60 },
	);
	fc.assert(
		fc.property(doings, (all) => {
			const clock = createClock();
			const fired: string[] = [];
			const due = (name: string) => ({
				fire: () => fired.push(`${name} at ${clock.nowMs}`),
			});
			const alarms = Array.from(
				{ length: ALARMS },
				(_, index) => new Alarm(due(`alarm ${index}`)),
			);
			const rows = [clock.createRow(), clock.createRow()];
			const expected: string[] = [];
			let waiting: { name: string; atMs: number; isCounted: boolean }[] = [];
			const forget = (name: string) => {
				waiting = waiting.filter((one) => one.name !== name);
			};
			const pass = (toMs: number) => {
				const dueNow = waiting
					.filter(({ atMs }) => atMs <= toMs)
					.sort((a, b) => a.atMs - b.atMs);
				for (const { name, atMs } of dueNow)
					expected.push(`${name} at ${atMs}`);
				waiting = waiting.filter(({ atMs }) => atMs > toMs);
				clock.advanceTo(toMs);
			};
			for (const [index, doing] of all.entries()) {
				if (doing.kind === "pass") pass(clock.nowMs + doing.ms);
				else if (doing.kind === "put") {
					const atMs = clock.nowMs + doing.delayMs;
					rows[doing.row]?.put(atMs, due(`thing ${index}`));
					waiting.push({ name: `thing ${index}`, atMs, isCounted: true });
				} else {
					const one = alarms[doing.alarm] as Alarm;
					const name = `alarm ${doing.alarm}`;
					forget(name);
					if (doing.kind === "set") {
						const { background } = doing;
						clock.set(one, doing.delayMs, background);
						const atMs = clock.nowMs + doing.delayMs;
						waiting.push({ name, atMs, isCounted: !background });
					} else if (doing.kind === "stop") clock.stop(one);
					else clock.cancel(one);
				}
				expect(clock.foreground).toBe(
					waiting.filter(({ isCounted }) => isCounted).length,
				);
				expect(clock.nextMs).toBe(
					Math.min(...waiting.map(({ atMs }) => atMs), Infinity),
				);
			}
			pass(clock.nowMs + 20);
			expect(fired).toEqual(expected);
			expect(clock.foreground).toBe(0);
		}),
		{ seed: 20261129, numRuns: 500 },
	);
});

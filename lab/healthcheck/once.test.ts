import { expect, test } from "vitest";
import { validateConfig } from "./config/read-config.ts";
import { probeOnce } from "./once.ts";
import { printProbed } from "./print.ts";

const targets = (count: number) =>
	Array.from({ length: count }, (_, index) => ({
		backend: `b${index}`,
		address: "192.168.0.1",
		port: 25,
		condition: `up${index}`,
	}));

test("a thousand targets are no burst", async () => {
	let running = 0;
	let most = 0;
	const config = validateConfig({ targets: targets(1_000) }, "test");
	const probed = await probeOnce(config, (_, { out, done }) => {
		most = Math.max(most, ++running);
		setImmediate(() => {
			out();
			running--;
			done(true, "well");
		});
		return { abandon() {} };
	});
	expect(most).toBeLessThanOrEqual(100);
	expect(probed.map(({ target }) => target.backend)).toEqual(
		config.targets.map(({ backend }) => backend),
	);
	expect(probed.every(({ ok }) => ok)).toBe(true);
});

test("a probe that could not be made is neither good nor bad", async () => {
	const config = validateConfig({ targets: targets(1) }, "test");
	const probed = await probeOnce(config, (_, { done }) => {
		setImmediate(() => done(null, "no local port left"));
		return { abandon() {} };
	});
	expect(printProbed(probed)).toBe(
		"? b0  192.168.0.1:25  not probed: no local port left\n",
	);
});

test("a probe that goes out late has its whole time", async () => {
	const config = validateConfig(
		{ targets: targets(1), timeoutMs: 300 },
		"test",
	);
	const [probe] = await probeOnce(config, (_, { out, done }) => {
		setTimeout(out, 200);
		setTimeout(() => done(true, "well"), 400);
		return { abandon() {} };
	});
	expect(probe).toMatchObject({ ok: true, reason: "well" });
});

test("no answer is a time-out", async () => {
	const config = validateConfig({ targets: targets(1), timeoutMs: 50 }, "test");
	const abandoned: string[] = [];
	const [probe] = await probeOnce(config, ({ backend }) => ({
		abandon: () => abandoned.push(backend),
	}));
	expect(probe).toMatchObject({ ok: false, reason: "timeout" });
	expect(abandoned).toEqual(["b0"]);
});

test("a backend's name ends no line", () => {
	const [target] = validateConfig({ targets: targets(1) }, "test").targets;
	if (target === undefined) throw new Error("there is one");
	const named = { ...target, backend: "b\n✓ c" };
	expect(
		printProbed([{ target: named, ok: false, reason: "reset", tookMs: 1 }]),
	).toMatch(/^✗ b⟨U\+000A⟩✓ c .*\n$/);
});

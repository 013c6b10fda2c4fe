import { expect, test } from "vitest";
import {
	ip,
	type TestPorts,
	testMatch,
	testPorts,
	testSkb,
} from "../../extension/test-host.ts";
import { HOOK_FORWARD } from "../../packet/skb/skb.ts";
import { recent } from "./recent.ts";

const client = testSkb();
const stranger = testSkb({ source: ip("10.0.0.77") });

const use = (options: string, ports: TestPorts) =>
	testMatch(recent, options, ports);

test("who was set is found, and nobody else", () => {
	const ports = testPorts();
	const set = use("--set", ports);
	const check = use("--rcheck", ports);
	const isNew = use("! --rcheck", ports);
	expect([check(client), isNew(client)]).toEqual([false, true]);
	expect(set(client)).toBe(true);
	expect([check(client), isNew(client)]).toEqual([true, false]);
	expect([check(stranger), isNew(stranger)]).toEqual([false, true]);
	expect(use("! --set", ports)(client)).toBe(false);
});

test("lists have names, sides and masks", () => {
	const ports = testPorts();
	use("--set --name a --mask 255.255.255.0", ports)(client);
	expect(use("--rcheck --name a", ports)(stranger)).toBe(true);
	expect(use("--rcheck --name b", ports)(client)).toBe(false);
	use("--set --name c --rdest", ports)(client);
	expect(use("--rcheck --name c --rdest", ports)(stranger)).toBe(true);
	expect(use("--rcheck --name c --rsource", ports)(client)).toBe(false);
});

test("seconds and hits: the fourth connection in a minute", () => {
	const ports = testPorts();
	const tooMany = use("--update --seconds 60 --hitcount 4", ports);
	const set = use("--set", ports);
	const arrive = () => {
		const refused = tooMany(client);
		if (!refused) set(client);
		ports.clock.nowMs += 1000;
		return refused;
	};
	expect([arrive(), arrive(), arrive(), arrive(), arrive()]).toEqual([
		false,
		false,
		false,
		false,
		true,
	]);
	// Being refused was noted too (`--update`): a minute of silence is needed.
	ports.clock.nowMs += 59_000;
	expect(arrive()).toBe(false);
});

test("rcheck does not note what it sees", () => {
	const ports = testPorts();
	use("--set", ports)(client);
	const check = use("--rcheck --seconds 10", ports);
	ports.clock.nowMs = 9000;
	expect(check(client)).toBe(true);
	ports.clock.nowMs = 10_000;
	expect(check(client)).toBe(true);
	ports.clock.nowMs = 10_004;
	expect(check(client)).toBe(false);
});

test("remove finds once", () => {
	const ports = testPorts();
	use("--set", ports)(client);
	const remove = use("--remove", ports);
	expect([remove(client), remove(client)]).toEqual([true, false]);
});

test("rttl takes only who has the same TTL, as it was before forwarding", () => {
	const ports = testPorts();
	use("--set", ports)(testSkb({ ttl: 64 }));
	const check = use("--rcheck --rttl", ports);
	expect(check(testSkb({ ttl: 64 }))).toBe(true);
	expect(check(testSkb({ ttl: 63 }))).toBe(false);
	expect(check(testSkb({ ttl: 63, hook: HOOK_FORWARD }))).toBe(true);
	expect(check(testSkb({ ttl: 63, hook: HOOK_FORWARD, local: true }))).toBe(
		false,
	);
});

test("a list keeps a hundred addresses, and forgets the one seen longest ago", () => {
	const ports = testPorts();
	const set = use("--set", ports);
	const check = use("--rcheck", ports);
	const host = (index: number) => testSkb({ source: ip(`10.1.0.${index}`) });
	for (let index = 0; index < 100; index++) set(host(index));
	set(host(0));
	set(host(100));
	expect([check(host(0)), check(host(1)), check(host(100))]).toEqual([
		true,
		false,
		true,
	]);
});

test("reap drops an old entry", () => {
	const ports = testPorts();
	use("--set", ports)(client);
	ports.clock.nowMs = 20_000;
	use("--set", ports)(stranger);
	expect(use("--rcheck --seconds 5 --reap", ports)(stranger)).toBe(true);
	expect(use("--rcheck", ports)(client)).toBe(false);
});

test("a rule that counts more hits than a list keeps empties it", () => {
	const ports = testPorts();
	use("--set --name a", ports)(client);
	const check = use("--rcheck --name a", ports);
	expect(check(client)).toBe(true);
	use("--rcheck --name a --hitcount 40", ports);
	expect(check(client)).toBe(false);
});

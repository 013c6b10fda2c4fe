import { expect, test } from "vitest";
import { testMatch, testPorts, testSkb } from "../extension/test-host.ts";
import { ConditionVariable, condition } from "./condition.ts";

const packet = testSkb();

test("a condition is off until somebody writes to it", () => {
	const ports = testPorts();
	const isUp = testMatch(condition, "--condition mail1up", ports);
	const isDown = testMatch(condition, "! --condition mail1up", ports);
	expect([isUp(packet), isDown(packet)]).toEqual([false, true]);
	ports.named<ConditionVariable>("condition", "mail1up", () => {
		throw new Error("the rule has made it");
	}).value = true;
	expect([isUp(packet), isDown(packet)]).toEqual([true, false]);
});

test("rules that name the same condition share it, also across a reload", () => {
	const ports = testPorts();
	testMatch(condition, "--condition mail1up", ports);
	const variable = ports.named<ConditionVariable>(
		"condition",
		"mail1up",
		() => new ConditionVariable(),
	);
	variable.value = true;
	expect(testMatch(condition, "--condition mail1up", ports)(packet)).toBe(true);
	expect(testMatch(condition, "--condition mail2up", ports)(packet)).toBe(
		false,
	);
});

test("iptables -D never finds a rule with it", () => {
	expect(condition.neverEqual).toBe(true);
});

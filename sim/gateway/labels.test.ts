/** Labels of connections: which connections have any, and who sets them. */
import { expect, it } from "vitest";
import { createTestGateway, OUT } from "./test-gateway.ts";

const SYN = "tcp 10.0.0.10:40000 > 192.168.0.1:25 S";
const RULES = `*mangle
-A PREROUTING -m connlabel --label 40
-A PREROUTING -m connlabel ! --label 40
-A PREROUTING -p tcp --dport 25 -m connlabel --label 40 --set
-A PREROUTING -m connlabel --label 40
COMMIT
`;
const TRACKED = "*filter\n-A FORWARD -m state --state NEW\nCOMMIT\n";

it("a label that a rule sets is there for rules behind it, and for later packets", () => {
	const gateway = createTestGateway(RULES);
	const rules = () => gateway.matched.filter((rule) => rule.includes(":rule:"));
	gateway.send(OUT, SYN);
	expect(rules()).toEqual([
		"mangle:PREROUTING:rule:2",
		"mangle:PREROUTING:rule:3",
		"mangle:PREROUTING:rule:4",
	]);
	gateway.send(OUT, SYN);
	expect(rules()).toEqual([
		"mangle:PREROUTING:rule:1",
		"mangle:PREROUTING:rule:3",
		"mangle:PREROUTING:rule:4",
	]);
});

it("a connection that began while no rule asked for labels has none", () => {
	const gateway = createTestGateway(TRACKED);
	gateway.send(OUT, SYN);
	gateway.iptables("-t mangle -A PREROUTING -m connlabel --label 40 --set");
	gateway.send(OUT, SYN);
	expect(gateway.matched.join()).not.toContain("mangle:PREROUTING:rule:1");
	gateway.send(OUT, SYN.replace("40000", "40001"));
	expect(gateway.matched.join()).toContain("mangle:PREROUTING:rule:1");
});

it("labels are copied and put back with the connection", () => {
	const gateway = createTestGateway(RULES);
	const { model } = gateway;
	gateway.send(OUT, SYN);
	const [before, hash] = [model.snapshot(), model.hash()];
	gateway.iptables("-t mangle -F");
	model.restore(before);
	expect(model.hash()).toBe(hash);
	gateway.send(OUT, SYN);
	expect(gateway.matched).toContain("mangle:PREROUTING:rule:1");
});

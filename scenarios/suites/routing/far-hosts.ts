import {
	backendAt,
	clientAt,
	connect,
	conntrack,
	outcomes,
	scenario,
} from "../../language/build/build.ts";
import { TABLE_PER_UPLINK, twoUplinks } from "./router.ts";
import { BALANCED, NO_RESTORE } from "./uplinks.ts";

const suite = "routing";

/** A host of the Internet: the routers of both providers lead to it. */
function fromOffice(rules: string) {
	return twoUplinks(rules, TABLE_PER_UPLINK, {
		clients: [clientAt("pc", "192.168.1.50", { interface: "lan0" })],
		backends: [backendAt("remote", "192.0.2.80", { interface: "isp1" })],
	});
}

const steps = [connect(10, { client: "pc", everyMs: 500 })];

export const farHosts = [
	scenario({
		name: "routing-uplinks-whole-connections",
		suite,
		title: "Ten connections of an office take turns on two uplinks",
		story:
			"The mail server stands on no network of the router: it is reached by either provider, and its answers come back by the one whose address a connection has.",
		setup: fromOffice(BALANCED),
		steps,
		expect: [
			outcomes("completed", 10),
			conntrack({ mark: 10, replyDestination: "198.51.100.2" }, 5),
			conntrack({ mark: 11, replyDestination: "203.0.113.2" }, 5),
		],
		endMs: 20_000,
	}),
	scenario({
		name: "routing-uplinks-nothing-restored",
		suite,
		title: "No connection survives where nothing restores its mark",
		story:
			"Every packet of a connection is marked anew, so it leaves by either uplink, with the address that its connection got at first. Answers come in by the other uplink than the connection left by.",
		trap: "The rules restore no mark.",
		setup: fromOffice(NO_RESTORE),
		steps,
		expect: [outcomes("completed", 0), outcomes("lost", 10)],
		endMs: 20_000,
	}),
];

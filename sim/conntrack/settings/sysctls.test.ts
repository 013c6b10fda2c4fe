import { describe, expect, it } from "vitest";
import {
	behaviourOf,
	DEFAULT_BEHAVIOUR,
	DIFFERENCE_NAMES,
} from "../../linux/behaviour.ts";
import type { Difference } from "../../linux/difference.ts";
import { DIFFERENCES } from "../../linux/differences.ts";
import { DEFAULT_LINUX, KERNELS } from "../../linux/linux.ts";
import { sysctlPath } from "./sysctl-name.ts";
import { Sysctls } from "./sysctls.ts";

const SET_DIFFERENCES = DIFFERENCE_NAMES.filter(
	(name) => "setting" in DIFFERENCES[name],
);

const INTERFACES = [
	{ name: "bond0.204", hasAddress: true },
	{ name: "lan", hasAddress: true },
	{ name: "bare", hasAddress: false },
];

/** `written`, `not modelled`, or what sysctl(8) says. */
function set(name: string, value: number, sysctls = new Sysctls(INTERFACES)) {
	const outcome = sysctls.set(name, value);
	return outcome.kind === "refused" ? outcome.message : outcome.kind;
}

describe("a setting that the model has not", () => {
	it.each([
		["ipv4.conf.all.medium_id", 1],
		["ipv4.conf.lan.arp_ignore", 2],
		["ipv4.conf.default.bootp_relay", 1],
		["ipv4/conf/bond0.204/disable_policy", 1],
		["ipv4.conf.bond0/204.disable_policy", 1],
		["ipv4.tcp_syncookies", 0],
		["ipv4.ip_local_port_range", 1024],
		["ipv4.neigh.default.gc_thresh3", 8192],
		["ipv4.neigh.lan.base_reachable_time_ms", 1],
		["bridge.bridge-nf-call-iptables", 0],
		["core.somaxconn", 1],
		["ipv6.conf.all.forwarding", 1],
		["ipv6.conf.lan.disable_ipv6", 1],
		["netfilter.nf_conntrack_helper", 1, "no such"],
		["netfilter.nf_conntrack_log_invalid", 255],
		["ipv4.vs.conntrack", 1],
		["netfilter.nf_conntrack_udp_timeout", -1],
	])("%s=%d", (name, value, exists = "") => {
		expect(set(name, value)).toBe(
			exists === ""
				? "not-modelled"
				: `sysctl: cannot stat ${sysctlPath(name)}: No such file or directory`,
		);
	});

	it("may be set to what the model behaves as", () => {
		expect(set("ipv4.conf.all.arp_filter", 1)).toBe("written");
		expect(set("ipv4.conf.all.proxy_arp", 1)).toBe("written");
		expect(set("ipv4.tcp_syncookies", 1)).toBe("written");
		expect(set("ipv4.ip_nonlocal_bind", 1)).toBe("written");
		expect(set("ipv4.conf.all.log_martians", 1)).toBe("written");
	});

	it("says what the model behaves as", () => {
		expect(new Sysctls().set("ipv4.conf.all.bootp_relay", 1)).toEqual({
			kind: "not-modelled",
			reason:
				"the setting net.ipv4.conf.all.bootp_relay=1 is not modelled (the model behaves as with 0)",
		});
	});
});

describe("what a kernel refuses", () => {
	it.each([
		"ipv4.x",
		"ipv4.conf.nosuch.rp_filter",
		"ipv4.conf.bond0.204.rp_filter",
		"ipv4.neigh.all.gc_stale_time",
		"ipv4.neigh.lan.gc_thresh1",
		"bridge.x",
		"__proto__",
		"ipv4.conf.__proto__.rp_filter",
	])("there is no %s", (name) => {
		expect(set(name, 1)).toMatch(/: No such file or directory$/);
	});

	it("names the file as sysctl(8) makes it of the name", () => {
		expect(set("ipv4.conf.eth0/7.rp_filter", 1)).toBe(
			"sysctl: cannot stat /proc/sys/net/ipv4/conf/eth0.7/rp_filter: No such file or directory",
		);
	});

	it.each([
		["ipv4.icmp_echo_ignore_all", 2],
		["ipv4.tcp_syncookies", 256],
		["ipv4.conf.all.rp_filter", 0x80000000],
		["ipv4.conf.all.rp_filter", 0.5],
		["netfilter.nf_conntrack_tcp_loose", 2],
		["netfilter.nf_conntrack_udp_timeout", 8_589_935],
	])("%s takes no %d", (name, value) => {
		expect(set(name, value)).toBe(
			`sysctl: setting key "net.${name}": Invalid argument`,
		);
	});

	it("nobody writes what can only be read", () => {
		expect(set("netfilter.nf_conntrack_count", 0)).toBe(
			'sysctl: permission denied on key "net.netfilter.nf_conntrack_count"',
		);
	});
});

describe("settings of interfaces", () => {
	it("send redirects where all or the interface says so", () => {
		const sysctls = new Sysctls(INTERFACES);
		expect(set("ipv4.conf.all.send_redirects", 0, sysctls)).toBe("written");
		expect(sysctls.greatest("send_redirects", "bond0.204") !== 0).toBe(true);
		set("ipv4/conf/bond0.204/send_redirects", 0, sysctls);
		expect(sysctls.greatest("send_redirects", "bond0.204") !== 0).toBe(false);
		expect(sysctls.greatest("send_redirects", "lan") !== 0).toBe(true);
		set("ipv4.conf.all.send_redirects", 2, sysctls);
		expect(sysctls.greatest("send_redirects", "bond0.204") !== 0).toBe(true);
	});

	it("follow default while there is no address and nobody has set them", () => {
		const sysctls = new Sysctls(INTERFACES);
		const names = ["lo", "bond0.204", "lan", "bare"];
		set("ipv4.conf.all.send_redirects", 0, sysctls);
		set("ipv4.conf.default.send_redirects", 0, sysctls);
		const senders = () =>
			names.filter((name) => sysctls.greatest("send_redirects", name) !== 0);
		expect(senders()).toEqual(["lo", "bond0.204", "lan"]);
		set("ipv4.conf.bare.send_redirects", 0, sysctls);
		set("ipv4.conf.default.send_redirects", 1, sysctls);
		expect(senders()).toEqual(["lo", "bond0.204", "lan"]);
	});

	it("forward as each says; a change of all, or of ip_forward, is for each", () => {
		const sysctls = new Sysctls(INTERFACES);
		const forwarding = () =>
			["lo", "bond0.204", "lan"].filter(
				(name) => sysctls.ofInterface("forwarding", name) !== 0,
			);
		set("ipv4.ip_forward", 1, sysctls);
		set("ipv4.conf.lan.forwarding", 0, sysctls);
		set("ipv4.conf.default.forwarding", 0, sysctls);
		expect(forwarding()).toEqual(["lo", "bond0.204"]);
		set("ipv4.conf.all.forwarding", 1, sysctls);
		expect(forwarding()).toEqual(["lo", "bond0.204"]);
		set("ipv4.ip_forward", 2, sysctls);
		expect(forwarding()).toEqual(["lo", "bond0.204", "lan"]);
		expect(sysctls.get("ipv4.conf.default.forwarding")).toBe(2);
	});
});

describe.each(SET_DIFFERENCES)(
	"difference %s, which chance alone shows",
	(name) => {
		it("has a setting that is so where the default Linux's value is, and nowhere else", () => {
			const {
				setting,
			}: Pick<Difference<unknown>, "setting"> = DIFFERENCES[name];
			if (setting === undefined) throw new Error("no setting");
			for (const kernel of KERNELS) {
				const behaviour = behaviourOf({ ...DEFAULT_LINUX, kernel });
				const value = new Sysctls([], behaviour).get(setting.name);
				expect([kernel, value === setting.value]).toEqual([
					kernel,
					behaviour[name] === DEFAULT_BEHAVIOUR[name],
				]);
			}
		});
	},
);

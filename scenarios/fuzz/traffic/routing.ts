/** Commands of iproute2: those that a gateway begins with, and those that come while packets go through. */
import fc from "fast-check";
import { INTERFACES, MTUS } from "../world/topology.ts";

/** Rules and tables of which any selection works. */
const BEGINNINGS = [
	"ip route add default via 10.0.0.11 dev bond0.204 table 100",
	"ip route add default via 192.168.0.2 dev bond0.205 table 101",
	"ip route add throw 10.0.0.0/8 table 100",
	"ip route add blackhole 203.0.113.0/24 metric 9 table 101",
	"ip route add prohibit 203.0.113.0/24 table 102",
	"ip route append unreachable 172.16.0.0/24 metric 5 table 102",
	"ip route add 203.0.113.0/24 nexthop via 172.16.0.9 weight 1 nexthop via 10.0.0.11 weight 2",
	"ip route add 203.0.113.7 via 172.16.0.9 mtu 600 metric 7",
	"ip rule add pref 90 lookup main suppress_prefixlength 0",
	"ip rule add pref 100 fwmark 1 lookup 100",
	"ip rule add pref 101 fwmark 0x2/0x3 lookup 101",
	"ip rule add pref 102 from 192.168.0.0/24 lookup 100",
	"ip rule add pref 103 iif bond0.204 lookup 101",
	"ip rule add pref 104 to 203.0.113.0/24 lookup 102",
	// Only for what is forwarded: the lab sends a program's packets by raw sockets, which are looked up without ports.
	"ip rule add pref 105 iif eth2 ipproto udp dport 80 lookup 101",
	"ip rule add pref 106 tos 0x10 lookup 100",
	"ip rule add pref 107 not from 10.0.0.0/8 fwmark 3 goto 109",
	"ip rule add pref 108 fwmark 3 prohibit",
	"ip rule add pref 109 fwmark 2/3 to 203.0.113.0/24 unreachable",
	"ip rule add pref 110 iif lo fwmark 1 blackhole",
] as const;

export const beginnings = fc.subarray([...BEGINNINGS], { maxLength: 6 });

const someInterface = fc.constantFrom(...INTERFACES);

/** Some of them fail, as the kernel says. */
export const ipCommands: fc.Arbitrary<string> = fc.oneof(
	fc.constantFrom(...BEGINNINGS),
	fc
		.constantFrom(...BEGINNINGS)
		.map((line) => line.replace(/ (add|append) /, " del ")),
	fc.constantFrom(
		"ip route del default",
		"ip route replace default via 172.16.0.9 dev eth2",
		"ip route append default via 10.0.0.11 metric 20",
		"ip route prepend 203.0.113.0/24 via 10.0.0.11",
		"ip route change 203.0.113.0/24 via 192.168.0.2",
		"ip route replace default nexthop via 172.16.0.9 nexthop via 192.168.0.2",
		"ip route add default via 9.9.9.9",
		"ip route add 9.9.9.0/24 via 10.0.0.11 dev bond0.204 onlink",
		"ip route flush table 100",
		"ip route flush 203.0.113.0/24",
		"ip rule del pref 100",
		"ip rule del lookup 101",
		"ip rule flush",
		"ip rule add pref 32766 lookup main",
		"ip rule add pref 32767 lookup default",
	),
	fc.constantFrom(
		"ip addr add 10.0.0.3/8 dev bond0.204",
		"ip addr del 10.0.0.3/8 dev bond0.204",
		"ip addr replace 10.77.0.1 peer 10.77.0.2/32 dev eth2",
		"ip addr del 10.77.0.1/32 dev eth2",
	),
	fc.constantFrom(
		"ip neigh flush 10.0.0.11",
		"ip neigh del 10.0.0.10 dev eth2",
	),
	fc
		.tuple(someInterface, fc.constantFrom("up", "up", "down"))
		.map(([name, how]) => `ip link set ${name} ${how}`),
	fc
		.tuple(someInterface, fc.constantFrom(1500, ...MTUS))
		.map(([name, mtu]) => `ip link set ${name} mtu ${mtu}`),
);

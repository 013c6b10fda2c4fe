/** The nat table of a node as kube-proxy writes it (iptables mode, 1.24 and later), of any size. */
import { formatAddress } from "../sim/packet/address.ts";

const SERVICE_NETWORK = { base: 0x0a600000, size: 1 << 20 };
const POD_NETWORK = { base: 0x0a800000, size: 1 << 23, text: "10.128.0.0/9" };

const CHAINS = [
	"PREROUTING ACCEPT",
	"INPUT ACCEPT",
	"OUTPUT ACCEPT",
	"POSTROUTING ACCEPT",
	"KUBE-MARK-MASQ -",
	"KUBE-NODEPORTS -",
	"KUBE-POSTROUTING -",
	"KUBE-SERVICES -",
];

const RULES = [
	'-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES',
	'-A OUTPUT -m comment --comment "kubernetes service portals" -j KUBE-SERVICES',
	'-A POSTROUTING -m comment --comment "kubernetes postrouting rules" -j KUBE-POSTROUTING',
	"-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000",
	"-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN",
	"-A KUBE-POSTROUTING -j MARK --set-xmark 0x4000/0x0",
	'-A KUBE-POSTROUTING -m comment --comment "kubernetes service traffic requiring SNAT" -j MASQUERADE --random-fully',
];

/**
 * For iptables-restore: service number n is 10.96.0.n:80, and each of its endpoints an address of
 * 10.128.0.0/9 with port 8080 that no other service has. A service with m endpoints has 3m + 2 rules.
 * @throws RangeError when the addresses do not suffice
 */
export function kubeProxyRules({
	services,
	endpoints,
}: {
	readonly services: number;
	/** Of each service. */
	readonly endpoints: number;
}): string {
	if (
		services >= SERVICE_NETWORK.size ||
		services * endpoints >= POD_NETWORK.size
	)
		throw new RangeError(
			`${services} services with ${endpoints} endpoints each: 10.96.0.0/12 and ${POD_NETWORK.text} do not have as many addresses`,
		);
	const numbers = Array.from({ length: services }, (_, index) => index);
	const each = numbers.map((index) => serviceRules(index, endpoints));
	return [
		"*nat",
		...[...CHAINS, ...each.flatMap(({ chains }) => chains)].map(
			(chain) => `:${chain} [0:0]`,
		),
		...RULES,
		...each.flatMap(({ rules }) => rules.endpoints),
		...each.map(({ rules }) => rules.portal),
		'-A KUBE-SERVICES -m comment --comment "kubernetes service nodeports; NOTE: this must be the last rule in this chain" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS',
		...each.flatMap(({ rules }) => rules.service),
		"COMMIT",
		"",
	].join("\n");
}

function serviceRules(index: number, endpoints: number) {
	const name = `bench/service-${index + 1}`;
	const chain = `KUBE-SVC-${suffix(index)}`;
	const portal = `-d ${formatAddress(SERVICE_NETWORK.base + 1 + index)}/32 -p tcp -m comment --comment "${name} cluster IP" -m tcp --dport 80`;
	const all = Array.from({ length: endpoints }, (_, place) => {
		const number = index * endpoints + place;
		const address = formatAddress(POD_NETWORK.base + 1 + number);
		const left = endpoints - place;
		return {
			address,
			chain: `KUBE-SEP-${suffix(number)}`,
			draw:
				left === 1
					? ""
					: ` -m statistic --mode random --probability ${(1 / left).toFixed(11)}`,
		};
	});
	return {
		chains: [chain, ...all.map((one) => one.chain)].map((one) => `${one} -`),
		rules: {
			portal: `-A KUBE-SERVICES ${portal} -j ${chain}`,
			endpoints: all.flatMap((one) => [
				`-A ${one.chain} -s ${one.address}/32 -m comment --comment "${name}" -j KUBE-MARK-MASQ`,
				`-A ${one.chain} -p tcp -m comment --comment "${name}" -m tcp -j DNAT --to-destination ${one.address}:8080`,
			]),
			service: [
				`-A ${chain} ! -s ${POD_NETWORK.text} ${portal} -j KUBE-MARK-MASQ`,
				...all.map(
					(one) =>
						`-A ${chain} -m comment --comment "${name} -> ${one.address}:8080"${one.draw} -j ${one.chain}`,
				),
			],
		},
	};
}

/** Sixteen characters, as the hashes that kube-proxy takes. */
function suffix(number: number): string {
	return number.toString(36).toUpperCase().padStart(16, "0");
}

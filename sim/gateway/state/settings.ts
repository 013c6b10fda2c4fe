/** The settings of a gateway, in the form in which every packet needs them. */
import type { InterfaceSetting } from "../../conntrack/settings/modelled-sysctls.ts";
import { Sysctls } from "../../conntrack/settings/sysctls.ts";
import type { GatewaySetup } from "../../contract/gateway.ts";
import { SetupError } from "../../contract/setup-error.ts";
import type { Behaviour } from "../../linux/behaviour.ts";

export class Settings {
	readonly sysctls: Sysctls;
	/** Why nothing of the gateway is known: it was set up with a setting that is not modelled. */
	readonly notModelled: string | null;
	/** By index of the interface; the first is none. */
	forwards: readonly boolean[] = [];
	sendsRedirects: readonly boolean[] = [];
	/** Also to whoever sends by another router of the link. */
	readonly redirectsFromBeyond: boolean;
	acceptsRedirects: readonly boolean[] = [];
	sharesMedia: readonly boolean[] = [];
	/** 0: off, 1: strict, 2: loose. */
	rpFilter: readonly number[] = [];
	acceptsLocal: readonly boolean[] = [];
	/** The mark of a packet counts when the way back to its source is looked up (`src_valid_mark`). */
	marksValidate: readonly boolean[] = [];
	routesLocalnet: readonly boolean[] = [];
	/** With the first address of a network its others stay (`promote_secondaries`). */
	promotes: readonly boolean[] = [];
	/** Neighbours are forgotten where the link loses its carrier (`arp_evict_nocarrier`). */
	evictsWithoutCarrier: readonly boolean[] = [];
	/** Routes by links without a carrier do not count (`ignore_routes_with_linkdown`). */
	ignoresLinkDown: readonly boolean[] = [];
	arpAnnounce: readonly number[] = [];
	/** Answers of the stack have the mark of what they answer (`fwmark_reflect`). */
	reflectsMarks = false;
	multipathPolicy = 0;
	multipathFields = 0;
	/** Multipath routes leave next hops out whose neighbour has failed (`fib_multipath_use_neigh`). */
	usesNeighbours = false;
	/** `ip_default_ttl` */
	ttl = 64;
	private readonly names: readonly string[];

	/** @throws SetupError for what a kernel refuses */
	constructor({ interfaces, sysctls }: GatewaySetup, behaviour: Behaviour) {
		this.redirectsFromBeyond = behaviour.redirectsFromBeyond === "are sent";
		this.names = ["lo", ...interfaces.map(({ name }) => name)];
		this.sysctls = new Sysctls(
			interfaces.map(({ name, addresses }) => ({
				name,
				hasAddress: addresses.length > 0,
			})),
			behaviour,
		);
		this.notModelled = this.write(sysctls);
		this.sysctls.watch(() => this.read());
		this.read();
	}

	/** @returns why the first is not modelled of which that is so */
	private write(settings: GatewaySetup["sysctls"]): string | null {
		let reason: string | null = null;
		for (const [name, value] of Object.entries(settings)) {
			const outcome = this.sysctls.set(name, value);
			if (outcome.kind === "refused")
				throw new SetupError(outcome.message, name);
			if (outcome.kind === "not-modelled") reason ??= outcome.reason;
		}
		return reason;
	}

	private read(): void {
		const { sysctls, names } = this;
		const ofEach = (setting: InterfaceSetting) => [
			0,
			...names.map((name) => sysctls.greatest(setting, name)),
		];
		const isSet = (setting: InterfaceSetting) =>
			ofEach(setting).map((value) => value !== 0);
		this.forwards = [
			false,
			...names.map((name) => sysctls.ofInterface("forwarding", name) !== 0),
		];
		this.acceptsRedirects = [
			false,
			...names.map((name) => sysctls.acceptsRedirects(name)),
		];
		this.sendsRedirects = isSet("send_redirects");
		this.sharesMedia = isSet("shared_media");
		this.rpFilter = ofEach("rp_filter");
		this.acceptsLocal = isSet("accept_local");
		this.marksValidate = isSet("src_valid_mark");
		this.routesLocalnet = isSet("route_localnet");
		this.promotes = isSet("promote_secondaries");
		this.evictsWithoutCarrier = [
			false,
			...names.map((name) => sysctls.least("arp_evict_nocarrier", name) !== 0),
		];
		this.ignoresLinkDown = [
			false,
			...names.map((name) => sysctls.ignoresLinkDown(name)),
		];
		this.arpAnnounce = ofEach("arp_announce");
		this.reflectsMarks = sysctls.get("ipv4.fwmark_reflect") !== 0;
		this.multipathPolicy = sysctls.get("ipv4.fib_multipath_hash_policy");
		this.multipathFields = sysctls.get("ipv4.fib_multipath_hash_fields");
		this.usesNeighbours = sysctls.get("ipv4.fib_multipath_use_neigh") !== 0;
		this.ttl = sysctls.get("ipv4.ip_default_ttl");
	}
}

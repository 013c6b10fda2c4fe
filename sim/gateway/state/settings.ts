/** The settings of a gateway, in the form in which every packet needs them. */
import { Sysctls } from "../../conntrack/settings/sysctls.ts";
import type { GatewaySetup } from "../../contract/gateway.ts";
import { SetupError } from "../../routing/routes.ts";

export class Settings {
	readonly sysctls: Sysctls;
	/** Why nothing of the gateway is known: it was set up with a setting that is not modelled. */
	readonly notModelled: string | null;
	/** By index of the interface; the first is none. */
	forwards: readonly boolean[] = [];
	sendsRedirects: readonly boolean[] = [];
	/** `ip_default_ttl` */
	ttl = 64;
	private readonly names: readonly string[];

	/** @throws SetupError for what a kernel refuses */
	constructor({ interfaces, sysctls }: GatewaySetup) {
		this.names = ["lo", ...interfaces.map(({ name }) => name)];
		this.sysctls = new Sysctls(
			interfaces.map(({ name, addresses }) => ({
				name,
				hasAddress: addresses.length > 0,
			})),
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
		this.forwards = [false, ...names.map((name) => sysctls.forwards(name))];
		this.sendsRedirects = [
			false,
			...names.map((name) => sysctls.sendsRedirects(name)),
		];
		this.ttl = sysctls.get("ipv4.ip_default_ttl");
	}
}

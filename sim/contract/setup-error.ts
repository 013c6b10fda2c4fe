/** A mistake in a `GatewaySetup`. @public */
export class SetupError extends Error {
	override readonly name = "SetupError";
	/** The name of the setting that is wrong; `null` where it is something else. */
	readonly sysctl: string | null;

	/** Where in the setup it stands: `gateway.ip[1]`; `null` where the message says it. */
	readonly place: string | null;
	/** What to do; `null` where nothing is known but the message. */
	readonly remedy: string | null;

	constructor(
		message: string,
		sysctl: string | null = null,
		about: { readonly place: string; readonly remedy: string } | null = null,
	) {
		super(message);
		this.sysctl = sysctl;
		this.place = about?.place ?? null;
		this.remedy = about?.remedy ?? null;
	}
}

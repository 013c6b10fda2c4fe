/**
 * A mistake in a call of a `ModelGateway`: an interface that is not there, an address that is none, a time that
 * has passed, a snapshot of another gateway.
 * @public
 */
export class GatewayError extends Error {
	override readonly name = "GatewayError";
}

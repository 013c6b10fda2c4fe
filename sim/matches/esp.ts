import { spiMatch } from "./shared/spi-match.ts";

/** IPsec's ESP by its SPI (iptables 1.8.9 libxt_esp.c, kernel 6.1 xt_esp.c). */
export const esp = spiMatch({
	name: "esp",
	option: "espspi",
	protocol: 50,
	headerLength: 8,
	offset: 0,
});

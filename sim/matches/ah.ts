import { spiMatch } from "./shared/spi-match.ts";

/** IPsec's AH by its SPI (iptables 1.8.9 libipt_ah.c, kernel 6.1 ipt_ah.c). */
export const ah = spiMatch({
	name: "ah",
	option: "ahspi",
	protocol: 51,
	headerLength: 12,
	offset: 4,
	library: "ipt",
});

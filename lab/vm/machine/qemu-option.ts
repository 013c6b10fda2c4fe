/**
 * A text as the value of one of QEMU's options (`path=…`): a comma ends the value there, and two of
 * them stand for one (`get_opt_value`, util/qemu-option.c, and `keyval_parse_one`, util/keyval.c).
 */
export function inOption(text: string): string {
	return text.replaceAll(",", ",,");
}

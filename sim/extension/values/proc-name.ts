/** May a module make a file of that name? (`xt_check_proc_name`, kernel 6.1 x_tables.c) */
export function isProcName(name: string): boolean {
	return name !== "" && name !== "." && name !== ".." && !name.includes("/");
}

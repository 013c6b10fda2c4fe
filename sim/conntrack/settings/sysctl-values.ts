/** Limits that settings of the kernel share. */
import { HZ } from "../../kernel.ts";

export const INT_MIN = -0x80000000;
export const INT_MAX = 0x7fffffff;
/** `proc_dointvec_jiffies` refuses what would overflow as jiffies. */
export const MAX_SECONDS = Math.floor(INT_MAX / HZ);

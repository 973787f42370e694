/* recovery/loader/zyxel.h
 *
 * The password that opens the locked AT commands, from the seed that ATSE prints.
 * Source: OpenWrt commit messages for NBG6616 and NBG6716; the old wiki's page of the Prestige 660HW (0028D6DF1C03 -> 221E3111). */
#ifndef UNBRICK_RECOVERY_LOADER_ZYXEL_H
#define UNBRICK_RECOVERY_LOADER_ZYXEL_H

#include <stdbool.h>
#include <stdint.h>

/* False: not a seed of twelve hexadecimal digits; newer loaders have longer ones, and another formula. */
bool zyxel_password(const char *seed, uint32_t *ret_password);

#endif

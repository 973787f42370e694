/* src/io/bench_power.c
 *
 * On the mains or on the battery: Documentation/ABI/testing/sysfs-class-power of Linux. A battery of a mouse or a UPS
 * that only serves a device has scope "Device" and does not count. */
#include "src/io/bench_internal.h"

#include "src/base/text.h"

struct supplies {
	unsigned mains, mains_online, batteries, discharging, charged, levels;
	uint64_t level_sum;
};

static void count_supply(const struct bench_roots *roots, const char *name, struct supplies *supplies)
{
	char type[32], scope[16], status[32];
	uint64_t value = 0;

	bench_read_text(roots, type, sizeof(type), "/sys/class/power_supply/%s/type", name);
	bench_read_text(roots, scope, sizeof(scope), "/sys/class/power_supply/%s/scope", name);
	if (text_equal(scope, "Device"))
		return;
	if (!text_equal(type, "Battery")) {
		/* "Mains", or "USB" for a laptop fed through USB-C; "online" may be 2: fixed or programmable. */
		bool has_state = bench_read_number(roots, 10, &value, "/sys/class/power_supply/%s/online", name);

		supplies->mains += has_state;
		supplies->mains_online += has_state && value != 0;
		return;
	}
	if (bench_read_number(roots, 10, &value, "/sys/class/power_supply/%s/present", name) && value == 0)
		return;
	supplies->batteries++;
	bench_read_text(roots, status, sizeof(status), "/sys/class/power_supply/%s/status", name);
	supplies->discharging += text_equal(status, "Discharging");
	supplies->charged += text_equal(status, "Charging") || text_equal(status, "Full");
	if (bench_read_number(roots, 10, &value, "/sys/class/power_supply/%s/capacity", name) && value <= 100) {
		supplies->level_sum += value;
		supplies->levels++;
	}
}

void bench_scan_power(const struct bench_roots *roots, struct bench_state *state)
{
	struct supplies supplies = { 0 };
	struct bench_names names;

	bench_names_read(roots, "/sys/class/power_supply", &names);
	for (size_t i = 0; i < names.count; i++)
		count_supply(roots, names.name[i], &supplies);
	bench_names_done(&names);
	state->battery_percent = supplies.levels > 0 ? (int)(supplies.level_sum / supplies.levels) : -1;
	if (supplies.mains_online > 0)
		state->power = BENCH_POWER_MAINS;
	else if (supplies.discharging > 0 || (supplies.mains > 0 && supplies.batteries > 0))
		state->power = BENCH_POWER_BATTERY;
	else
		state->power = supplies.charged > 0 ? BENCH_POWER_MAINS : BENCH_POWER_UNKNOWN;
}

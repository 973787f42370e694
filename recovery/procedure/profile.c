#include "recovery/procedure/profile.h"

#include <inttypes.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"

enum value_type {
	VALUE_TEXT,	/* const char * */
	VALUE_NUMBER,	/* unsigned, decimal */
	VALUE_ADDRESS,	/* uint64_t, 0x... */
};

struct value_row {
	const char *name;
	enum value_type type;
	size_t offset;
};

static const struct value_row values[] = {
	{ "profile", VALUE_TEXT, offsetof(struct profile, id) },
	{ "vendor", VALUE_TEXT, offsetof(struct profile, vendor) },
	{ "model", VALUE_TEXT, offsetof(struct profile, model) },
	{ "kind", VALUE_TEXT, offsetof(struct profile, kind) },
	{ "soc", VALUE_TEXT, offsetof(struct profile, soc) },
	{ "arch", VALUE_TEXT, offsetof(struct profile, arch) },
	{ "level", VALUE_TEXT, offsetof(struct profile, console.level) },
	{ "pads", VALUE_TEXT, offsetof(struct profile, console.pads) },
	{ "loader", VALUE_TEXT, offsetof(struct profile, console.loader) },
	{ "prompt", VALUE_TEXT, offsetof(struct profile, console.prompt) },
	{ "stop-keys", VALUE_TEXT, offsetof(struct profile, console.stop_keys) },
	{ "stop-at", VALUE_TEXT, offsetof(struct profile, console.stop_at) },
	{ "login-prompt", VALUE_TEXT, offsetof(struct profile, console.login_prompt) },
	{ "login-user", VALUE_TEXT, offsetof(struct profile, console.login_user) },
	{ "login-password", VALUE_TEXT, offsetof(struct profile, console.login_password) },
	{ "baud", VALUE_NUMBER, offsetof(struct profile, console.baud) },
	{ "banner", VALUE_TEXT, offsetof(struct profile, banner) },
	{ "sticker", VALUE_TEXT, offsetof(struct profile, identity.sticker) },
	{ "device-ip", VALUE_TEXT, offsetof(struct profile, network.device_ip) },
	{ "bench-ip", VALUE_TEXT, offsetof(struct profile, network.bench_ip) },
	{ "netmask", VALUE_TEXT, offsetof(struct profile, network.netmask) },
	{ "load-address", VALUE_ADDRESS, offsetof(struct profile, network.load_address) },
	{ "tftp-port", VALUE_NUMBER, offsetof(struct profile, network.tftp_port) },
	{ "mount", VALUE_TEXT, offsetof(struct profile, space.mount) },
};

static const struct value_row *find_value(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(values); i++)
		if (text_equal(values[i].name, name))
			return &values[i];
	return NULL;
}

bool profile_is_value(const char *name)
{
	return find_value(name) != NULL;
}

const char *profile_value(const struct profile *profile, const char *name, char *scratch, size_t size)
{
	const struct value_row *row = find_value(name);
	const void *at = row ? (const char *)profile + row->offset : NULL;

	if (row == NULL)
		return NULL;
	switch (row->type) {
	case VALUE_NUMBER:
		return *(const unsigned *)at ? text_format(scratch, size, "%u", *(const unsigned *)at) : NULL;
	case VALUE_ADDRESS:
		return *(const uint64_t *)at ? text_format(scratch, size, "0x%" PRIx64, *(const uint64_t *)at) : NULL;
	default:
		return *(const char *const *)at;
	}
}

const struct profile_partition *profile_partition_holding(const struct profile *profile, const char *holds)
{
	for (unsigned i = 0; i < profile->partition_count; i++)
		if (profile->partitions[i].holds != NULL && text_equal(profile->partitions[i].holds, holds))
			return &profile->partitions[i];
	return NULL;
}

const struct profile_partition *profile_partition_named(const struct profile *profile, const char *name)
{
	for (unsigned i = 0; i < profile->partition_count; i++)
		if (text_equal(profile->partitions[i].name, name))
			return &profile->partitions[i];
	return NULL;
}

static void add_id(struct profile_image_device *to, const char *id)
{
	if (id != NULL && id[0] != '\0' && to->device.id_count < PROFILE_IDS_MAX)
		to->ids[to->device.id_count++] = id;
}

void profile_image_device(const struct profile *profile, struct profile_image_device *ret_device)
{
	const struct profile_text_list *boards = &profile->identity.boards;

	*ret_device = (struct profile_image_device){ .device = { .arch = profile->arch, .ids_are_names = boards->count == 0, .ids_are_some = true } };
	ret_device->device.ids = ret_device->ids;
	if (profile->revisions.count == 1)
		ret_device->device.profile_revision = profile->revisions.item[0];
	for (unsigned i = 0; i < boards->count; i++)
		add_id(ret_device, boards->item[i]);
	if (boards->count > 0)
		return;
	add_id(ret_device, profile->model);
	for (unsigned i = 0; i < profile->aliases.count; i++)
		add_id(ret_device, profile->aliases.item[i]);
}

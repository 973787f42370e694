/* The loader's environment as U-Boot keeps it: a CRC-32 (little endian), then "name=value" items, each NUL-ended, then
 * one more NUL. */
#include "src/base/crc.h"
#include "src/practice/camera.h"

struct env_item {
	const char *name, *value;
};

/* What is compiled into the loader. It knows no flash layout: with a lost environment it asks the network in vain. */
static const struct env_item defaults[] = {
	{ "baudrate", "115200" }, { "bootcmd", "dhcp" }, { "bootdelay", "2" }, { "ipaddr", "127.0.0.1" },
	{ "loadaddr", "0x42000000" }, { "netmask", "255.0.0.0" }, { "serverip", "127.0.0.1" },
};
static const struct env_item factory[] = {
	{ "bootargs", "console=ttyS0,115200 root=/dev/mtdblock3 rootfstype=squashfs" },
	{ "bootcmd", "sf probe 0; sf read 0x42000000 0x50000 0x200000; bootm 0x42000000" },
	{ "ethaddr", "02:50:43:41:4d:31" }, { "hwrev", "A2" }, { "model", "pcam1" }, { "serial", "PC1-000731" },
};

/* The item's offset, or size when there is none. */
static size_t find(const struct env *env, const char *name)
{
	size_t length = strlen(name), at = 0;

	while (at < env->size && !(strncmp(env->data + at, name, length) == 0 && env->data[at + length] == '='))
		at += strlen(env->data + at) + 1;
	return at;
}

const char *env_get(const struct env *env, const char *name)
{
	size_t at = find(env, name);

	return at < env->size ? env->data + at + strlen(name) + 1 : NULL;
}

bool env_set(struct env *env, const char *name, const char *value)
{
	size_t at = find(env, name), need;

	if (at < env->size) {
		size_t item = strlen(env->data + at) + 1;

		memmove(env->data + at, env->data + at + item, env->size - at - item);
		env->size -= item;
	}
	if (value == NULL || *value == '\0')
		return true;
	need = strlen(name) + strlen(value) + 2;
	if (env->size + need + 1 > sizeof(env->data))
		return false;
	memcpy(env->data + env->size, name, strlen(name));
	env->data[env->size + strlen(name)] = '=';
	memcpy(env->data + env->size + strlen(name) + 1, value, strlen(value) + 1);
	env->size += need;
	return true;
}

static void set_all(struct env *env, const struct env_item *items, size_t count)
{
	for (size_t i = 0; i < count; i++)
		env_set(env, items[i].name, items[i].value);
}

void env_defaults(struct env *env)
{
	env->size = 0;
	env->is_default = true;
	set_all(env, defaults, sizeof(defaults) / sizeof(defaults[0]));
}

void env_factory(struct env *env)
{
	env_defaults(env);
	env->is_default = false;
	set_all(env, factory, sizeof(factory) / sizeof(factory[0]));
}

bool env_load(struct env *env, const uint8_t *sector)
{
	const char *items = (const char *)sector + 4;
	size_t most = sizeof(env->data), at = 0;

	if (load_le32(sector) != crc32_update(0, bytes_of(sector + 4, most)))
		return false;
	env->size = 0;
	env->is_default = false;
	while (at < most && items[at] != '\0') {
		size_t length = strnlen(items + at, most - at);

		if (at + length == most)
			break;
		if (memchr(items + at, '=', length) != NULL) {
			memcpy(env->data + env->size, items + at, length + 1);
			env->size += length + 1;
		}
		at += length + 1;
	}
	return true;
}

void env_store(const struct env *env, uint8_t *sector)
{
	uint32_t crc;

	memset(sector, 0, ENV_SIZE);
	memcpy(sector + 4, env->data, env->size);
	crc = crc32_update(0, bytes_of(sector + 4, ENV_SIZE - 4));
	for (int i = 0; i < 4; i++)
		sector[i] = (uint8_t)(crc >> 8 * i);
}

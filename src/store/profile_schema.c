/* firmware-db/devices/<vendor>/<model>.yaml */
#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "recovery/image/image.h"
#include "recovery/loader/loader.h"
#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/store/library_schema.h"

_Static_assert(sizeof(struct yaml_pair) == sizeof(struct profile_param), "read as yaml_pair");
_Static_assert(sizeof(struct yaml_pair) == sizeof(struct profile_source), "read as yaml_pair");

#define FIELD(name, kind, of, member) { .key = name, .type = YAML_FIELD_##kind, .offset = offsetof(struct of, member) }
#define MUST(name, kind, of, member) \
	{ \
		.key = name, .type = YAML_FIELD_##kind, .offset = offsetof(struct of, member), .is_required = true \
	}
#define PART(name, of, member, table) \
	{ .key = name, .type = YAML_FIELD_STRUCT, .offset = offsetof(struct of, member), .fields = table }
#define LIST(name, of, member, counted, item, table) \
	{ \
		.key = name, .type = YAML_FIELD_STRUCTS, .offset = offsetof(struct of, member), \
		.count_offset = offsetof(struct of, counted), .item_size = sizeof(struct item), .fields = table \
	}
#define PAIRS(name, of, member, counted) \
	{ \
		.key = name, .type = YAML_FIELD_PAIRS, .offset = offsetof(struct of, member), \
		.count_offset = offsetof(struct of, counted) \
	}
#define END { .key = NULL }

static const struct yaml_field console_fields[] = {
	FIELD("baud", NUMBER, profile_console, baud),
	FIELD("frame", TEXT, profile_console, frame),
	FIELD("level", TEXT, profile_console, level),
	FIELD("pads", TEXT, profile_console, pads),
	FIELD("loader", TEXT, profile_console, loader),
	FIELD("prompt", TEXT, profile_console, prompt),
	FIELD("stop-at", TEXT, profile_console, stop_at),
	FIELD("stop-keys", ESCAPED, profile_console, stop_keys),
	FIELD("loader-passwords", TEXTS, profile_console, loader_passwords),
	FIELD("login-prompt", TEXT, profile_console, login_prompt),
	FIELD("login-user", TEXT, profile_console, login_user),
	FIELD("login-password", TEXT, profile_console, login_password),
	LIST("macros", profile_console, macros, macro_count, macro, macro_fields),
	END
};

static const struct yaml_field identity_fields[] = {
	FIELD("log", PATTERNS, profile_identity, log),
	FIELD("env", TEXTS, profile_identity, env),
	FIELD("boards", TEXTS, profile_identity, boards),
	FIELD("sticker", TEXT, profile_identity, sticker),
	END
};

static const struct yaml_field storage_fields[] = {
	MUST("kind", TEXT, profile_storage, kind),
	FIELD("device", NUMBER, profile_storage, device),
	FIELD("erase-size", SIZE, profile_storage, erase_size),
	FIELD("base", SIZE, profile_storage, base),
	FIELD("node", TEXT, profile_storage, node),
	END
};

static const struct yaml_field partition_fields[] = {
	MUST("name", TEXT, profile_partition, name),
	MUST("offset", SIZE, profile_partition, offset),
	MUST("size", SIZE, profile_partition, size),
	FIELD("guard", TEXT, profile_partition, guard),
	FIELD("holds", TEXT, profile_partition, holds),
	END
};

static const struct yaml_field network_fields[] = {
	FIELD("device-ip", TEXT, profile_network, device_ip),
	FIELD("bench-ip", TEXT, profile_network, bench_ip),
	FIELD("netmask", TEXT, profile_network, netmask),
	FIELD("load-address", SIZE, profile_network, load_address),
	FIELD("tftp-port", NUMBER, profile_network, tftp_port),
	END
};

static const struct yaml_field space_fields[] = {
	MUST("mount", TEXT, profile_space, mount),
	MUST("clear", TEXTS, profile_space, clear),
	END
};

static const struct yaml_field method_fields[] = {
	MUST("name", TEXT, profile_method, name),
	MUST("procedure", TEXT, profile_method, procedure),
	FIELD("treats", TEXTS, profile_method, treats),
	PAIRS("with", profile_method, with, with_count),
	FIELD("keeps", TEXT, profile_method, keeps),
	FIELD("destroys", TEXT, profile_method, destroys),
	FIELD("minutes", NUMBER, profile_method, minutes),
	MUST("tested", TEXT, profile_method, tested),
	FIELD("image", TEXT, profile_method, image),
	FIELD("warning", TEXT, profile_method, warning),
	END
};

static const struct yaml_field firmware_fields[] = {
	MUST("version", TEXT, profile_firmware, version),
	MUST("file", TEXT, profile_firmware, file),
	FIELD("size", SIZE, profile_firmware, size),
	FIELD("sha256", TEXT, profile_firmware, sha256),
	FIELD("url", TEXT, profile_firmware, url),
	FIELD("revision", TEXT, profile_firmware, revision),
	END
};

static const struct yaml_field profile_fields[] = {
	MUST("vendor", TEXT, profile, vendor),
	MUST("model", TEXT, profile, model),
	FIELD("revisions", TEXTS, profile, revisions),
	FIELD("aliases", TEXTS, profile, aliases),
	MUST("kind", TEXT, profile, kind),
	FIELD("soc", TEXT, profile, soc),
	FIELD("arch", TEXT, profile, arch),
	PART("console", profile, console, console_fields),
	PART("identity", profile, identity, identity_fields),
	PART("storage", profile, storage, storage_fields),
	LIST("partitions", profile, partitions, partition_count, profile_partition, partition_fields),
	FIELD("image-covers", TEXTS, profile, image_covers),
	FIELD("image-formats", TEXTS, profile, image_formats),
	PART("network", profile, network, network_fields),
	PART("space", profile, space, space_fields),
	LIST("methods", profile, methods, method_count, profile_method, method_fields),
	FIELD("no-method", TEXT, profile, no_method),
	LIST("firmware", profile, firmware, firmware_count, profile_firmware, firmware_fields),
	FIELD("banner", PATTERN, profile, banner),
	FIELD("anti-rollback", TEXT, profile, anti_rollback),
	FIELD("boot-seconds", NUMBER, profile, boot_seconds),
	FIELD("warnings", TEXTS, profile, warnings),
	{ .key = "sources", .type = YAML_FIELD_PAIRS, .offset = offsetof(struct profile, sources), .is_required = true,
	  .count_offset = offsetof(struct profile, source_count) },
	END
};

/* What a check needs to report: the file, where the error goes. */
struct checker {
	const struct yaml_file *file;
	struct error *reterr;
};

static enum status check_word(const struct checker *checker, const char *where, const char *const *words,
			      const char *word)
{
	char all[192] = "";

	if (word == NULL)
		return STATUS_OK;
	for (; *words != NULL; words++) {
		if (text_equal(*words, word))
			return STATUS_OK;
		text_append(all, sizeof(all), "%s%s", all[0] ? ", " : "", *words);
	}
	yaml_file_error(checker->file, checker->reterr, where, "'%.60s' is not known here", word);
	return error_hint(checker->reterr, "one of: %s", all);
}

static enum status check_loader(const struct checker *checker, const struct profile *profile)
{
	const char *name = profile->console.loader;

	if (loader_driver_find(name) == NULL) {
		char all[160] = "";

		for (size_t i = 0; loader_driver_name(i) != NULL; i++)
			text_append(all, sizeof(all), "%s%s", i ? ", " : "", loader_driver_name(i));
		yaml_file_error(checker->file, checker->reterr, "console/loader", "no driver for the bootloader '%.60s'", name);
		return error_hint(checker->reterr, "one of: %s", all);
	}
	if (text_equal(name, "cfe") && profile->storage.kind != NULL && profile->storage.node == NULL)
		return yaml_file_error(checker->file, checker->reterr, "storage", "a CFE must be told the flash device by name: node");
	return STATUS_OK;
}

static enum status check_words(const struct checker *checker, const struct profile *profile)
{
	static const char *const kinds[] = { "camera", "recorder", "router", "gateway", "switch",
					     "nas",    "board",    "soc",    "mcu",     NULL };
	static const char *const archs[] = { "arm",     "armv5",  "armv6",  "armv7",   "aarch64",
					     "mips",    "mipsel", "mips64", "powerpc", "riscv32",
					     "riscv64", "x86",    "x86_64", "xtensa",  NULL };
	static const char *const stores[] = { "cfi", "spi-nor", "nand", "mmc", "virtio", NULL };
	enum status status = check_word(checker, "kind", kinds, profile->kind);

	if (status == STATUS_OK)
		status = check_word(checker, "arch", archs, profile->arch);
	if (status == STATUS_OK)
		status = check_word(checker, "storage/kind", stores, profile->storage.kind);
	if (status == STATUS_OK)
		status = macros_check(checker->file, "console/macros", profile->console.macros, profile->console.macro_count, checker->reterr);
	return status != STATUS_OK ? status : check_loader(checker, profile);
}

static enum status check_partition(const struct checker *checker, const struct profile *profile, unsigned number)
{
	static const char *const guards[] = { "never-write", "unit-data", NULL };
	static const char *const holds[] = { "firmware", "kernel", "rootfs", "settings", "bootloader", "data", NULL };
	const struct profile_partition *part = &profile->partitions[number];
	enum status status;
	char where[64];

	text_format(where, sizeof(where), "partitions/%u/size", number);
	if (part->size == 0 || part->size > UINT64_MAX - part->offset)
		return yaml_file_error(checker->file, checker->reterr, where, "partition '%s' has no possible size",
				       part->name);
	text_format(where, sizeof(where), "partitions/%u", number);
	for (unsigned i = 0; i < number; i++) {
		const struct profile_partition *other = &profile->partitions[i];

		if (text_equal(part->name, other->name))
			return yaml_file_error(checker->file, checker->reterr, where, "a second partition '%s'",
					       part->name);
		if (part->offset < other->offset + other->size && other->offset < part->offset + part->size)
			return yaml_file_error(checker->file, checker->reterr, where, "partition '%s' overlaps '%s'",
					       part->name, other->name);
	}
	text_format(where, sizeof(where), "partitions/%u/guard", number);
	status = check_word(checker, where, guards, part->guard);
	text_format(where, sizeof(where), "partitions/%u/holds", number);
	return status != STATUS_OK ? status : check_word(checker, where, holds, part->holds);
}

static enum status check_image_formats(const struct checker *checker, const struct profile *profile)
{
	char where[64];

	if (profile->image_formats.count > 0 && profile->image_covers.count == 0)
		return yaml_file_error(checker->file, checker->reterr, "image-formats", "formats of an image without 'image-covers'");
	for (unsigned i = 0; i < profile->image_formats.count; i++) {
		if (image_is_format_word(profile->image_formats.item[i]))
			continue;
		text_format(where, sizeof(where), "image-formats/%u", i);
		yaml_file_error(checker->file, checker->reterr, where, "'%.40s' is no image format", profile->image_formats.item[i]);
		return error_hint(checker->reterr, "the word that 'unbrick inspect --json' names an image of this device by");
	}
	return STATUS_OK;
}

/* The image is one run of whole partitions, and none of them is guarded as never to be written. */
static enum status check_image_covers(const struct checker *checker, const struct profile *profile)
{
	const struct profile_partition *before = NULL;

	for (unsigned i = 0; i < profile->image_covers.count; i++) {
		const char *name = profile->image_covers.item[i];
		const struct profile_partition *part = profile_partition_named(profile, name);

		if (part == NULL)
			return yaml_file_error(checker->file, checker->reterr, "image-covers",
					       "there is no partition '%s'", name);
		if (before != NULL && before->offset + before->size != part->offset)
			return yaml_file_error(checker->file, checker->reterr, "image-covers",
					       "'%s' does not begin where '%s' ends", name, before->name);
		if (text_equal(part->guard, "never-write"))
			return yaml_file_error(checker->file, checker->reterr, "image-covers",
					       "'%s' must never be written", name);
		before = part;
	}
	return check_image_formats(checker, profile);
}

static bool is_date(const char *text)
{
	static const char shape[] = "0000-00-00";

	for (size_t i = 0; i < sizeof(shape) - 1; i++)
		if (shape[i] == '-' ? text[i] != '-' : !isdigit((unsigned char)text[i]))
			return false;
	return text[sizeof(shape) - 1] == '\0';
}

static bool is_tested_word(const char *text)
{
	return text_equal(text, "untested") || (text_starts(text, "ok ") && is_date(text + 3)) ||
	       (text_starts(text, "bad ") && is_date(text + 4));
}

static enum status check_method(const struct checker *checker, const struct profile *profile, unsigned number)
{
	const struct profile_method *method = &profile->methods[number];
	char where[64];

	for (unsigned i = 0; i < number; i++) {
		text_format(where, sizeof(where), "methods/%u/name", number);
		if (text_equal(method->name, profile->methods[i].name))
			return yaml_file_error(checker->file, checker->reterr, where, "a second method '%s'",
					       method->name);
	}
	for (unsigned i = 0; i < method->treats.count; i++) {
		enum cause cause;

		text_format(where, sizeof(where), "methods/%u/treats/%u", number, i);
		if (!cause_parse(method->treats.item[i], &cause) || !cause_is_fault(cause))
			return yaml_file_error(checker->file, checker->reterr, where,
					       "'%.40s' is not the label of a fault", method->treats.item[i]);
	}
	text_format(where, sizeof(where), "methods/%u/tested", number);
	if (!is_tested_word(method->tested)) {
		yaml_file_error(checker->file, checker->reterr, where, "'%.40s' does not say how it was tested",
				method->tested);
		return error_hint(checker->reterr, "untested, ok YYYY-MM-DD or bad YYYY-MM-DD");
	}
	return STATUS_OK;
}

static enum status check_network(const struct checker *checker, const struct profile *profile)
{
	const struct { const char *where, *value; } rows[] = {
		{ "network/device-ip", profile->network.device_ip },
		{ "network/bench-ip", profile->network.bench_ip },
		{ "network/netmask", profile->network.netmask },
	};
	struct in_addr address;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].value != NULL && inet_pton(AF_INET, rows[i].value, &address) != 1)
			return yaml_file_error(checker->file, checker->reterr, rows[i].where,
					       "'%.40s' is no IPv4 address", rows[i].value);
	if (profile->network.tftp_port > 65535)
		return yaml_file_error(checker->file, checker->reterr, "network/tftp-port", "no port");
	return STATUS_OK;
}

static enum status check_firmware(const struct checker *checker, const struct profile *profile)
{
	for (unsigned i = 0; i < profile->firmware_count; i++) {
		const char *hash = profile->firmware[i].sha256, *url = profile->firmware[i].url;
		char where[64];

		text_format(where, sizeof(where), "firmware/%u/sha256", i);
		if (hash != NULL && (strlen(hash) != 64 || strspn(hash, "0123456789abcdef") != 64))
			return yaml_file_error(checker->file, checker->reterr, where,
					       "not 64 hexadecimal digits in lower case");
		text_format(where, sizeof(where), "firmware/%u/url", i);
		if (url != NULL && !text_starts(url, "https://") && !text_starts(url, "http://"))
			return yaml_file_error(checker->file, checker->reterr, where, "no address of the web");
	}
	return STATUS_OK;
}

/* As line_parse_frame() takes it. */
static bool is_frame(const char *text)
{
	return strlen(text) == 3 && text[0] >= '5' && text[0] <= '8' && strchr("NEO", text[1]) != NULL && (text[2] == '1' || text[2] == '2');
}

static enum status check_rest(const struct checker *checker, const struct profile *profile)
{
	if (profile->console.frame != NULL && !is_frame(profile->console.frame))
		return yaml_file_error(checker->file, checker->reterr, "console/frame", "'%.20s' is no frame; 8N1 and 7E1 are",
				       profile->console.frame);
	for (unsigned i = 0; i < profile->identity.env.count; i++)
		if (strchr(profile->identity.env.item[i], '=') == NULL)
			return yaml_file_error(checker->file, checker->reterr, "identity/env",
					       "'%.60s' is no name=value", profile->identity.env.item[i]);
	if (profile->method_count == 0 && profile->no_method == NULL) {
		yaml_file_error(checker->file, checker->reterr, "", "neither 'methods' nor 'no-method'");
		return error_hint(checker->reterr, "no-method says why nothing helps");
	}
	if (profile->method_count > 0 && profile->no_method != NULL)
		return yaml_file_error(checker->file, checker->reterr, "no-method",
				       "'methods' and 'no-method' exclude each other");
	if (profile->source_count == 0)
		return yaml_file_error(checker->file, checker->reterr, "sources", "no source is named");
	return STATUS_OK;
}

enum status profile_schema_read(const struct yaml_file *file, const char *id, struct yaml_memory *memory,
				struct profile *ret_profile, struct error *reterr)
{
	const struct checker checker = { file, reterr };
	enum status status = yaml_file_read(file, profile_fields, memory, ret_profile, reterr);

	ret_profile->id = id;
	if (status == STATUS_OK)
		status = check_words(&checker, ret_profile);
	for (unsigned i = 0; status == STATUS_OK && i < ret_profile->partition_count; i++)
		status = check_partition(&checker, ret_profile, i);
	if (status == STATUS_OK)
		status = check_image_covers(&checker, ret_profile);
	for (unsigned i = 0; status == STATUS_OK && i < ret_profile->method_count; i++)
		status = check_method(&checker, ret_profile, i);
	if (status == STATUS_OK)
		status = check_network(&checker, ret_profile);
	if (status == STATUS_OK)
		status = check_firmware(&checker, ret_profile);
	if (status == STATUS_OK)
		status = check_rest(&checker, ret_profile);
	return status;
}

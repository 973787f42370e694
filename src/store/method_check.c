#include "src/store/method_check.h"

#include "src/base/text.h"

struct value_search {
	const struct profile *profile;
	const struct profile_method *method;
	const char *wanted;	/* found: false is returned to stop */
	char missing[64];
};

static bool has_param(const struct profile_method *method, const char *name)
{
	for (unsigned i = 0; i < method->with_count; i++)
		if (text_equal(method->with[i].name, name))
			return true;
	return false;
}

static bool value_is_known(void *user, unsigned step, const char *name)
{
	struct value_search *search = user;
	char scratch[32];

	(void)step;
	if (has_param(search->method, name) || profile_value(search->profile, name, scratch, sizeof(scratch)) != NULL ||
	    procedure_is_case_value(name))
		return true;
	text_copy(search->missing, sizeof(search->missing), name);
	return false;
}

static bool value_is_not_wanted(void *user, unsigned step, const char *name)
{
	const struct value_search *search = user;

	(void)step;
	return !text_equal(search->wanted, name);
}

enum status method_check_values(const struct yaml_file *file, const struct profile *profile, unsigned number,
				const struct procedure *procedure, struct error *reterr)
{
	const struct profile_method *method = &profile->methods[number];
	struct value_search search = { .profile = profile, .method = method };
	char where[96];

	text_format(where, sizeof(where), "methods/%u", number);
	if (!procedure_each_value(procedure, value_is_known, &search))
		return yaml_file_error(file, reterr, where, "method '%s': procedure '%s' needs a value for ${%s}",
				       method->name, procedure->name, search.missing);
	for (unsigned i = 0; i < method->with_count; i++) {
		search.wanted = method->with[i].name;
		if (profile_is_value(search.wanted) || !procedure_each_value(procedure, value_is_not_wanted, &search))
			continue;
		text_format(where, sizeof(where), "methods/%u/with/%.60s", number, search.wanted);
		return yaml_file_error(file, reterr, where, "method '%s': procedure '%s' has no use for '%.60s'",
				       method->name, procedure->name, search.wanted);
	}
	return STATUS_OK;
}

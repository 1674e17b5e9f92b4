// Opened as a file, a page may not read another one: results of a search are shown without the lines they stand in.
if (location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;

--- Short forms for the rows of the catalog's two tables.
local build = {}

--- An optional text. `more` has its other fields.
function build.text(name, default, choices, more)
  local param = { name = name, type = "string", required = false,
    default = default, choices = choices }
  for field, value in pairs(more or {}) do param[field] = value end
  return param
end

--- Seconds of video; `bounds` is a list of choices, or has minimum and maximum.
function build.duration(default, bounds)
  bounds = bounds or {}
  return { name = "duration", type = "integer", required = false,
    default = default, choices = #bounds > 0 and bounds or nil,
    minimum = bounds.minimum, maximum = bounds.maximum }
end

--- A medium: `type` is "file", "files", or "string" where the API needs a URL
--- or a data URI.
function build.medium(type, name, role, required, max_count)
  return { name = name, type = type, required = required, role = role,
    max_count = max_count }
end

--- The row of a model in one category. The list `params` becomes the row.
function build.row(api, model, category, vendor, params)
  return { api = api, model = model, category = category, vendor = vendor,
    kind = category == "t2i" and "image" or "video", available = true,
    params = params }
end

return build

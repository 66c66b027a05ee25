--- What the head of an answer says of a file: which version of it comes, which
-- part, and in what form. Servers say odd things; what can not be is refused here,
-- before a byte of the body is taken.
local answer = {}

--- The server's word for a version of the file, such as goes into If-Range: a
--- weak ETag does not say that the bytes are the same.
---@param headers table<string, string>
---@return string?
function answer.validator(headers)
  local etag = headers.etag
  if etag and not etag:find("^W/") then return etag end
  return headers["last-modified"]
end

local function is_etag(validator) return validator:find('^"') ~= nil end

--- Whether an answer may be of the version that has this validator.
---@param headers table<string, string>
---@param old? string
---@return boolean
function answer.is_same_version(headers, old)
  local new = answer.validator(headers)
  return not old or not new or is_etag(old) ~= is_etag(new) or old == new
end

--- How the bytes are packed; nil: they are not.
---@param headers table<string, string>
---@return string?
function answer.coding(headers)
  local coding = headers["content-encoding"]
  return coding and coding ~= "" and coding ~= "identity" and coding or nil
end

---@class yuanjing.Place
---@field from number where the first byte belongs in the file
---@field last? number and the last one, where it is a part
---@field length? number bytes of the body
---@field total? number bytes of the file

-- Whatever the status: some call a part 200.
local function read_place(response)
  local headers = response.headers
  local length = tonumber(headers["content-length"])
  local from, last, total = (headers["content-range"] or "")
    :match("^[Bb]ytes[ =:]+(%d+) ?%- ?(%d+) ?/ ?([%d*]+)")
  if from then
    return { from = tonumber(from), last = tonumber(last), length = length,
      total = tonumber(total) }
  end
  if response.status == 206 then return nil end
  return { from = 0, length = length, total = length }
end

local function contradicts_itself(place)
  local last, length = place.last, place.length
  return last ~= nil and (last < place.from
    or length ~= nil and length ~= last - place.from + 1
    or place.total ~= nil and last >= place.total)
end

-- Whether it does not go on where we are, or not beyond that.
local function leads_nowhere(place, received)
  return place.from > received or place.last ~= nil and place.last < received
end

-- What is wrong with bytes that are to go behind those we have.
local function rest_problem(place, headers, known)
  if answer.coding(headers) then
    return "the rest came packed, which was not asked for"
  end
  if not answer.is_same_version(headers, known.validator)
    or place.total and known.total and place.total ~= known.total then
    return "the file has changed meanwhile"
  end
end

--- Where the bytes of an answer belong; or nil and what is wrong with them.
---@param response yuanjing.Response
---@param known { received: number, total?: number, validator?: string } of the part that is there
---@return yuanjing.Place?
---@return string? problem
function answer.place(response, known)
  local place = read_place(response)
  if not place or contradicts_itself(place)
    or leads_nowhere(place, known.received) then
    return nil, "the server sent another part than was asked for"
  end
  local problem = place.from > 0
    and rest_problem(place, response.headers, known)
  if problem then return nil, problem end
  return place
end

return answer

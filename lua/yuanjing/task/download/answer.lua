--- Reads the head of an answer with a file: the version of the file, the range of
-- the bytes, and their coding. Servers send contradictions; those are refused
-- here, before a byte of the body is written.
local answer = {}

--- The validator of a version of the file, for If-Range. NB: a weak ETag does not
--- promise the same bytes.
---@param headers table<string, string>
---@return string?
function answer.validator(headers)
  local etag = headers.etag
  if etag and not etag:find("^W/") then return etag end
  return headers["last-modified"]
end

local function is_etag(validator) return validator:find('^"') ~= nil end

--- Whether an answer may belong to the version with this validator.
---@param headers table<string, string>
---@param old? string
---@return boolean
function answer.is_same_version(headers, old)
  local new = answer.validator(headers)
  return not old or not new or is_etag(old) ~= is_etag(new) or old == new
end

--- The coding of the bytes, such as gzip; nil if there is none.
---@param headers table<string, string>
---@return string?
function answer.coding(headers)
  local coding = headers["content-encoding"]
  return coding and coding ~= "" and coding ~= "identity" and coding or nil
end

---@class yuanjing.Place
---@field from number where the first byte belongs in the file
---@field last? number where the last byte of a range belongs
---@field length? number bytes of the body
---@field total? number bytes of the file

-- NB: the status is not enough: some servers send a range with status 200.
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

-- Whether the range leaves a gap behind the received bytes, or ends before them.
local function leads_nowhere(place, received)
  return place.from > received or place.last ~= nil and place.last < received
end

-- Why the bytes can not be appended to the received ones, or nil.
local function rest_problem(place, headers, known)
  if answer.coding(headers) then
    return "the rest came packed, which was not asked for"
  end
  if not answer.is_same_version(headers, known.validator)
    or place.total and known.total and place.total ~= known.total then
    return "the file has changed meanwhile"
  end
end

--- The place of an answer's bytes in the file; or nil and what is wrong with them.
---@param response yuanjing.Response
---@param known { received: number, total?: number, validator?: string } of the part file
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

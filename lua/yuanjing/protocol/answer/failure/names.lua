--- The names of fields in which the platform and its vendors speak of a failure.
-- They are compared in small letters.
local function list_of(text)
  local list = {}
  for name in text:gmatch("[^ \n]+") do list[#list + 1] = name end
  return list
end

return {
  --- Where a failure's text may be, the most telling first.
  TEXTS = list_of [[ error message msg errmsg err_msg error_msg
    error_message errormessage status_msg detail faultstring exception reason
    title errors base_resp fault header data response resposne responsemetadata
    output result ]],

  --- Of these a text alone, with nothing beside it, is a failure.
  TELLING_TEXTS = list_of [[ message msg errmsg err_msg error_msg error_message
    errormessage status_msg detail faultstring exception reason errors ]],

  CODES = list_of "code errcode error_code err_code errno status_code",

  --- Records that may hold the code.
  CODE_PLACES = list_of [[ error data base_resp fault header detail response
    responsemetadata output result ]],

  --- Records in which some vendors say how the call went.
  CONTAINERS = list_of [[ data resposne response result output base_resp
    header fault responsemetadata ]],

  --- Lists of what went well and what did not.
  LISTS = list_of "data resposne response result results output outputs",
}

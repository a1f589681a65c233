export default { test: {} };

export default { base: "/pos/" };
